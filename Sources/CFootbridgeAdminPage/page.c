#include "CFootbridgeAdminPage.h"

// #embed is C23; as an array literal in Swift the same bytes take half a minute to compile.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char html[] = {
#embed "page.html"
};

static const unsigned char css[] = {
#embed "page.css"
};

// One module for the browser, so the files share one scope and import nothing. Tests/Page/mock.py reads their order here.
static const unsigned char js[] = {
#embed "script/text.js" suffix(,)
#embed "script/dom.js" suffix(,)
#embed "script/dialogs.js" suffix(,)
#embed "script/api.js" suffix(,)
#embed "script/live.js" suffix(,)
#embed "script/standing.js" suffix(,)
#embed "script/trend.js" suffix(,)
#embed "script/sparkline.js" suffix(,)
#embed "script/timeline.js" suffix(,)
#embed "script/fields.js" suffix(,)
#embed "script/view-routes.js" suffix(,)
#embed "script/view-route.js" suffix(,)
#embed "script/tab-overview.js" suffix(,)
#embed "script/tab-endpoints.js" suffix(,)
#embed "script/tab-attempts.js" suffix(,)
#embed "script/tab-waiting.js" suffix(,)
#embed "script/tab-letters.js" suffix(,)
#embed "script/tab-letter.js" suffix(,)
#embed "script/tab-try.js" suffix(,)
#embed "script/keyboard.js" suffix(,)
#embed "script/page.js"
};

const unsigned char *footbridge_page_html(void) { return html; }
size_t footbridge_page_html_count(void) { return sizeof html; }

const unsigned char *footbridge_page_css(void) { return css; }
size_t footbridge_page_css_count(void) { return sizeof css; }

const unsigned char *footbridge_page_js(void) { return js; }
size_t footbridge_page_js_count(void) { return sizeof js; }
