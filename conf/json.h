/* JSON as diagnostics and reports print it. */
#ifndef CONF_JSON_H
#define CONF_JSON_H

#include <stdio.h>

/* Prints a JSON string (RFC 8259 §7), `null` for NULL. The text is UTF-8 without controls. */
void json_print_text(const char *text, FILE *out);

#endif
