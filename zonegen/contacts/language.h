/*
 * Language tags (BCP 47, RFC 5646 §2.1): a language, then perhaps a script, a region and variants,
 * of the built-in list (conf/languages.txt). Extensions, private use and grandfathered tags are not
 * taken: they help nobody to find a common language.
 */
#ifndef CONTACTS_LANGUAGE_H
#define CONTACTS_LANGUAGE_H

#include "contacts/reading.h"

/*
 * Reads one tag or a list of them, best first, into "en,fr", each in the letter case that RFC 5646
 * §2.1.1 recommends. In the arena, or NULL with diagnostics (rules language, duplicate-language,
 * language-many); NULL for a NULL node.
 */
const char *language_read(struct reading *reading, const struct yaml_node *node);

#endif
