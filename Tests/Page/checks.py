"""Uses the page of an admin server in Chromium, and prints a line for each thing that it has to do.

    checks.py URL [--token TEXT] [--route orders] [--mock] [--axe FILE]

The route has at least five dead letters, and entries that wait; some letter and some answer hold `<script>`. With --mock the server
is mock.py, which can be told to misbehave. Exit code 1 if a check fails.
"""
import argparse
import importlib.util
import json
import pathlib
import sys
import time
import traceback
import urllib.request

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
          "form-action 'none'; frame-ancestors 'none'")
SIZE_LIMIT = 100 * 1000
# Generous, because machines that test are busy; the figure that is printed is the one to look at.
PAINT_LIMIT_MS = 2000
PATIENCE_S = 20


class Browser:
    def __init__(self, base):
        self.base = base
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.size(1280, 900)

    def size(self, width, height):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def theme(self, name):
        media = {"features": [{"name": "prefers-color-scheme", "value": name}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def offline(self, is_offline):
        self.driver.execute_cdp_cmd("Network.enable", {})
        conditions = {"offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    def open(self, place="#/"):
        self.driver.get(f"{self.base}/{place}")

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return wait(lambda: next(iter(self.all(selector)), None), f"{selector} is there")

    def text(self, selector="main"):
        """What can be read; an element that is replaced in between is read again."""
        return self.run("const one = document.querySelector(arguments[0]); return one?.checkVisibility() ? one.innerText : ''", selector)

    def see(self, text, selector="main"):
        wait(lambda: text in self.text(selector), f"“{text}” in {selector}", lambda: self.text(selector))

    def button(self, name, within="body"):
        script = ("return [...document.querySelectorAll(arguments[1] + ' button')].find((one) => "
                  "one.textContent === arguments[0] && one.checkVisibility() && !one.getAttribute('aria-disabled'))")
        return wait(lambda: self.run(script, name, within), f"a button {name}")

    def click(self, name, within="body"):
        self.run("arguments[0].click()", self.button(name, within))

    def keys(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def type(self, selector, text):
        field = self.one(selector)
        field.clear()
        field.send_keys(text)

    def rows(self, within="main"):
        return len(self.all(f"{within} [data-row]"))


def wait(probe, what, state=lambda: "", timeout=PATIENCE_S):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if value := probe():
            return value
        time.sleep(0.05)
    raise AssertionError(f"did not happen: {what} {state()[:800]}")


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.headers, answer.read()


class Checks:
    def __init__(self, arguments):
        self.base, self.token, self.route = arguments.url.rstrip("/"), arguments.token, arguments.route
        self.axe = pathlib.Path(arguments.axe or axe_file()).read_text()
        self.browser = Browser(self.base)
        self.is_mock = arguments.mock

    def place(self, tab=""):
        return f"#/routes/{self.route}" + (f"/{tab}" if tab else "")

    def mock(self, **wish):
        request = urllib.request.Request(f"{self.base}/mock", json.dumps(wish).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["changes"]

    def check_files_are_small_and_guarded(self):
        total = 0
        for path in ["/", "/page.css", "/page.js"]:
            headers, body = fetch(self.base + path)
            total += len(body)
            expect(headers["Content-Security-Policy"] == POLICY, f"{path}: the policy is {headers['Content-Security-Policy']}")
        expect(0 < total <= SIZE_LIMIT, f"{total} bytes")
        return f"{total} bytes"

    def check_token_is_asked_for(self):
        self.browser.open()
        if not self.token:
            self.browser.see(self.route)
            return "no token is needed"
        self.browser.one("#token").send_keys("not the token", Keys.ENTER)
        self.browser.see("This token is wrong", "dialog")
        self.browser.keys(Keys.ESCAPE)
        expect(self.browser.all("#token"), "Escape closes the question")
        self.browser.type("#token", self.token)
        self.browser.keys(Keys.ENTER)
        self.browser.see(self.route)
        expect(not self.browser.all("dialog"), "the question is still there")
        expect(self.browser.run("return sessionStorage.getItem('token')") == self.token, "the token is not in the session")
        expect(self.token not in self.browser.run("return JSON.stringify(localStorage) + document.cookie"), "the token is kept for ever")
        return "wrong, then right"

    def check_routes_are_listed(self):
        self.browser.open()
        self.browser.see(self.route, "tbody")
        self.browser.see("Live", "#live")
        expect("Footbridge" in self.browser.driver.title, self.browser.driver.title)

    def check_first_paint(self):
        self.browser.driver.refresh()
        script = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
        paint = wait(lambda: self.browser.run(script), "a first paint")
        expect(paint <= PAINT_LIMIT_MS, f"{paint:.0f} ms")
        return f"{paint:.0f} ms"

    def check_nothing_comes_from_elsewhere(self):
        names = self.browser.run("return performance.getEntriesByType('resource').map((one) => one.name)")
        expect(names and all(name.startswith((self.base, "data:")) for name in names), f"{names}")

    def check_figures_change_by_themselves(self):
        self.browser.open(self.place())
        self.browser.see("Delivered/s")
        before = self.browser.text()
        wait(lambda: self.browser.text() != before, "another figure")

    def check_keys(self):
        self.browser.open()
        self.browser.see(self.route, "tbody")
        self.browser.keys("?")
        self.browser.see("next and previous row", "dialog")
        self.browser.keys(Keys.ESCAPE)
        wait(lambda: not self.browser.all("dialog"), "the keys are gone")
        self.browser.keys("/")
        self.browser.keys(*"no such route")
        self.browser.see("No route matches the filter.")
        self.browser.keys(Keys.ESCAPE)
        self.browser.see(self.route, "tbody")
        self.browser.keys(Keys.ESCAPE, "j")
        first = self.browser.driver.switch_to.active_element.text
        expect(first, "j goes to no row")
        self.browser.keys("j", "k", Keys.ENTER)
        wait(lambda: self.browser.text("h1") == first, f"{first} is opened", lambda: self.browser.text("h1"))
        self.browser.keys("2")
        wait(lambda: "/endpoints" in self.browser.driver.current_url, "the second tab")
        self.browser.keys(Keys.ESCAPE)
        wait(lambda: self.browser.text("h1") == "Routes", "the list again")
        wait(lambda: self.browser.driver.switch_to.active_element.text == first, "the focus where it was")

    def check_a_route_shows_its_hour(self):
        self.browser.open(self.place())
        slider = self.browser.one("[role=slider]")
        script = "return document.querySelector('.timeline .delivered')?.getBBox().width > 0"
        wait(lambda: self.browser.run(script), "deliveries in the timeline")
        self.browser.run("arguments[0].focus()", slider)
        self.browser.keys(Keys.END, Keys.ARROW_LEFT)
        wait(lambda: slider.get_attribute("aria-valuetext"), "a reading")
        self.browser.see("Waiting, by due time")
        return slider.get_attribute("aria-valuetext")

    def check_endpoints(self):
        self.browser.open(self.place("endpoints"))
        self.browser.see("In flight", ".card")
        return self.browser.text(".card h3").replace("\n", " ")

    def check_attempts(self):
        self.browser.open(self.place("attempts"))
        wait(lambda: self.browser.rows() > 0, "attempts")
        self.browser.run("document.querySelector('tr.down [data-row], [data-row]').click()")
        self.browser.see("Outcome", ".detail:not([hidden])")
        self.browser.type("[placeholder^=Status]", "299")
        self.browser.see("No attempt matches.")

    def check_waiting(self):
        self.browser.open(self.place("waiting"))
        wait(lambda: self.browser.rows() > 0 or "Nothing waits." in self.browser.text(), "an answer")
        return f"{self.browser.rows()} rows"

    def letters(self):
        """Opens the list; how many the tab says that there are."""
        self.browser.open("#/")
        self.browser.see(self.route, "tbody")
        self.browser.open(self.place("letters"))
        wait(lambda: self.browser.rows() > 0, "letters")
        return int(self.browser.text(".tabs [aria-current] .count").replace(",", ""))

    def gone(self, number):
        script = "return document.querySelector('.tabs [aria-current] .count').textContent.replace(',', '')"
        wait(lambda: self.browser.run(script) in ([str(number), ""] if number == 0 else [str(number)]), f"{number} letters are left", lambda: self.browser.run(script))

    def check_letters_are_searched(self):
        self.letters()
        self.browser.type("[placeholder=Search]", "no such text anywhere")
        self.browser.see("No dead letter matches.")
        self.browser.keys(Keys.ESCAPE)
        wait(lambda: self.browser.rows() > 0, "letters again")

    def check_hostile_strings_are_text(self):
        self.letters()
        self.browser.type("[placeholder=Search]", "<script>")
        wait(lambda: "<script>" in self.browser.text("tbody"), "the hostile letter", lambda: self.browser.text())
        self.browser.run("[...document.querySelectorAll('tr')].find((row) => row.textContent.includes('<script>')).querySelector('[data-row]').click()")
        self.browser.see("Fields")
        self.browser.see("<script>")
        for tab in ["", "endpoints", "attempts"]:
            self.browser.open(self.place(tab))
            self.browser.see("Oldest")
        expect(self.browser.run("return window.broken === undefined && !document.querySelector('main script, main img')"), "it ran")

    def check_replay(self):
        number = self.letters()
        self.browser.run("document.querySelector('[data-row]').click()")
        self.browser.click("Replay")
        self.browser.see("goes to", "#messages")
        self.gone(number - 1)

    def check_edit_and_replay(self):
        number = self.letters()
        script = "[...document.querySelectorAll('[data-row]')].find((one) => !/trimmed|malformed/.test(one.textContent)).click()"
        self.browser.run(script)
        self.browser.click("Edit and replay")
        self.browser.type(".edit textarea", "edited \u00fc <b>\n")
        self.browser.click("Try", "main")
        self.browser.see("POST", ".card")
        self.browser.click("Replay", "main")
        self.gone(number - 1)
        if self.is_mock:
            verb, _, fields = self.mock()[-1]
            expect(verb == "replay" and "edited \u00fc <b>\n" in fields.values(), f"{verb} {fields}")

    def check_drop_asks_first(self):
        number = self.letters()
        self.browser.run("document.querySelector('[data-row]').click()")
        self.browser.click("Drop")
        self.browser.see("cannot be undone", "dialog")
        self.browser.keys(Keys.ENTER)
        wait(lambda: not self.browser.all("dialog"), "the question is gone")
        expect("/letters/" in self.browser.driver.current_url, "Enter drops")
        self.browser.click("Drop")
        self.browser.click("Drop", "dialog")
        self.browser.see("is dropped", "#messages")
        self.gone(number - 1)

    def check_several_letters_at_once(self):
        number = self.letters()
        self.browser.run("[...document.querySelectorAll('tbody input')].slice(0, 2).forEach((box) => box.click())")
        self.browser.see("2 letters selected", ".selection")
        self.browser.click("Drop", ".selection")
        self.browser.click("Drop", "dialog")
        self.browser.see("2 letters dropped", "#messages")
        self.gone(number - 2)

    def check_pause_and_resume(self):
        self.browser.open(self.place())
        self.browser.click("Pause")
        self.browser.see("Paused", ".head")
        self.browser.click("Resume")
        wait(lambda: "Paused" not in self.browser.text(".head"), "it goes on")
        self.browser.click("Drain")
        wait(lambda: "Drain" in self.browser.text(".head .badge"), "it drains")
        self.browser.click("Resume")
        wait(lambda: "Drain" not in self.browser.text(".head .badge"), "it goes on")
        self.browser.click("Retry now")
        self.browser.see("is due now", "#messages")

    def check_try(self):
        self.browser.open(self.place("try"))
        self.browser.type(".edit input", "type")
        self.browser.type(".edit textarea", "order.created")
        self.browser.click("Try the fields")
        self.browser.see("Body", ".card")
        self.browser.type("#try-entry", "1-0")
        self.browser.keys(Keys.ENTER)
        wait(lambda: self.browser.all(".message.bad"), "an entry that is not there is an error")

    def check_a_lost_connection_is_told(self):
        self.browser.open("#/")
        self.browser.see(self.route, "tbody")
        self.browser.offline(True)
        try:
            # What is open stays open; another tab asks for another stream.
            self.browser.run(f"location.hash = '{self.place('attempts')}'")
            self.browser.see("Connection lost", "#lost")
            self.browser.see("last update", "#lost")
        finally:
            self.browser.offline(False)
        wait(lambda: not self.browser.text("#lost") and "Live" in self.browser.text("#live"), "it is live again")

    def check_a_phone_has_room(self):
        self.browser.size(360, 740)
        try:
            for tab in [None, "", "endpoints", "attempts", "waiting", "letters", "try"]:
                self.browser.open("#/" if tab is None else self.place(tab))
                time.sleep(0.3)
                width = self.browser.run("return document.documentElement.scrollWidth")
                expect(width <= 360, f"{tab}: {width} pixels")
        finally:
            self.browser.size(1280, 900)

    def check_accessibility(self):
        counted = 0
        for theme in ["light", "dark"]:
            self.browser.theme(theme)
            for tab in [None, "", "endpoints", "attempts", "waiting", "letters", "letter", "try", "keys"]:
                if tab == "letter":
                    self.letters()
                    self.browser.run("document.querySelector('[data-row]').click()")
                    self.browser.button("Edit and replay")
                elif tab == "keys":
                    self.browser.keys("?")
                else:
                    self.browser.open("#/" if tab is None else self.place(tab))
                    time.sleep(0.3)
                if not self.browser.run("return typeof axe === 'object'"):
                    self.browser.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": self.axe})
                script = ("const done = arguments[arguments.length - 1]; axe.run({ resultTypes: ['violations', 'passes'] })"
                          ".then((found) => done({ version: axe.version, passes: found.passes.length, bad: found.violations"
                          ".filter(({ impact }) => ['serious', 'critical'].includes(impact))"
                          ".map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html, failureSummary }) => [html.slice(0, 160), failureSummary])]) }))")
                found = self.browser.driver.execute_async_script(script)
                expect(not found["bad"], f"{theme} {tab}: {json.dumps(found['bad'])}")
                expect(found["passes"] > 5, "axe looked at nothing")
                counted += 1
                if tab == "keys":
                    self.browser.keys(Keys.ESCAPE)
        self.browser.theme("light")
        return f"axe {found['version']}, {counted} views"

    def check_no_errors_in_the_console(self):
        # A status that is not 2xx, and no network, are messages of the browser, not faults of the page.
        quiet = ["Failed to load resource", "net::ERR_"]
        entries = [one["message"] for one in self.browser.driver.get_log("browser") if one["level"] in ("SEVERE", "WARNING")]
        entries = [one for one in entries if not any(text in one for text in quiet)]
        expect(not entries, f"{entries}")

    def mock_only_stream_breaks_off(self):
        self.browser.open("#/")
        self.browser.see(self.route, "tbody")
        self.mock(silent=True)
        self.mock(**{"break": True})
        self.browser.see("Connection lost", "#lost")
        self.mock(silent=False)
        wait(lambda: not self.browser.text("#lost"), "it is live again")

    def mock_only_sixty_routes(self):
        self.mock(routes=60)
        self.browser.open("#/")
        wait(lambda: self.browser.rows() == 60, "60 rows", lambda: str(self.browser.rows()))
        self.browser.see("60 routes")

    def mock_only_no_routes(self):
        self.mock(routes=0)
        self.browser.see("No routes.")

    def run(self):
        names = [name for name in dir(type(self)) if name.startswith("check_")]
        order = [name for name in vars(type(self)) if name in names]
        last = order.pop(order.index("check_no_errors_in_the_console"))
        if self.is_mock:
            order += [name for name in vars(type(self)) if name.startswith("mock_only_")]
        failures = 0
        for name in order + [last]:
            title = name.split("_", 1)[1].replace("_", " ")
            begin = time.monotonic()
            try:
                note = getattr(self, name)()
                print(f"ok      {title}{': ' + note if note else ''} ({time.monotonic() - begin:.1f} s)", flush=True)
            except Exception as error:
                failures += 1
                where = traceback.extract_tb(error.__traceback__)
                line = next(frame.lineno for frame in reversed(where) if frame.filename == __file__ and frame.name.startswith(("check_", "mock_")))
                print(f"FAILED  {title}: line {line}: {str(error)[:2000]}", flush=True)
        return failures


def axe_file():
    """axe comes with a package of PyPI whose code is not needed."""
    package = importlib.util.find_spec("axe_core_python")
    return pathlib.Path(package.origin).with_name("axe.min.js")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--token")
    parser.add_argument("--route", default="orders")
    parser.add_argument("--mock", action="store_true")
    parser.add_argument("--axe", help="another version of axe.min.js")
    checks = Checks(parser.parse_args())
    try:
        return 1 if checks.run() else 0
    finally:
        checks.browser.driver.quit()


if __name__ == "__main__":
    sys.exit(main())
