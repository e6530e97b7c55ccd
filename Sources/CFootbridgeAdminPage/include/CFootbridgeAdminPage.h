// The page of the admin server, inside the program: it needs no file beside it.
#ifndef FOOTBRIDGE_ADMIN_PAGE_H
#define FOOTBRIDGE_ADMIN_PAGE_H

#include <stddef.h>

/// The first byte of page.html.
const unsigned char *footbridge_page_html(void);
/// How many bytes there are.
size_t footbridge_page_html_count(void);

/// The first byte of page.css.
const unsigned char *footbridge_page_css(void);
/// How many bytes there are.
size_t footbridge_page_css_count(void);

/// The first byte of page.js: the files below script/, one after the other.
const unsigned char *footbridge_page_js(void);
/// How many bytes there are.
size_t footbridge_page_js_count(void);

#endif
