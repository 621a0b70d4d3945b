#include "server/notify_words.h"

#include "server/errno_text.h"
#include "wire/constants.h"

#include <stdio.h>

const char *rcode_text(unsigned rcode, char text[RCODE_TEXT_OCTETS])
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                        "NXRRSET", "NOTAUTH", "NOTZONE"};
    if (rcode < sizeof names / sizeof *names)
        return names[rcode];
    if (rcode == RCODE_BADVERS)
        return "BADVERS";
    snprintf(text, RCODE_TEXT_OCTETS, "RCODE %u", rcode);
    return text;
}

const char *notify_state_text(enum notify_state state)
{
    static const char *const words[] = {
        [NOTIFY_STATE_WAITING] = "waiting",   [NOTIFY_STATE_TOLD] = "told",
        [NOTIFY_STATE_CHECKING] = "checking", [NOTIFY_STATE_BEHIND] = "behind",
        [NOTIFY_STATE_SILENT] = "silent",     [NOTIFY_STATE_IN_STEP] = "in step",
        [NOTIFY_STATE_AHEAD] = "ahead",
    };
    return words[state];
}

const char *notify_trouble_text(const struct notify_progress *p, char text[TROUBLE_TEXT_OCTETS])
{
    char rcode[RCODE_TEXT_OCTETS], error[ERRNO_TEXT_OCTETS];
    const char *what = "";
    switch (p->trouble) {
    case NOTIFY_NO_TROUBLE:
        break;
    case NOTIFY_UNSENT:
        snprintf(text, TROUBLE_TEXT_OCTETS, "cannot be sent to: %s",
                 errno_text(p->trouble_code, error));
        return text;
    case NOTIFY_SILENT:
        what = "does not answer";
        break;
    case NOTIFY_REBUFFED:
        snprintf(text, TROUBLE_TEXT_OCTETS, "answers NOTIFY with %s",
                 rcode_text((unsigned)p->trouble_code, rcode));
        return text;
    case NOTIFY_REFUSED:
        snprintf(text, TROUBLE_TEXT_OCTETS, "answers the question for the SOA with %s",
                 rcode_text((unsigned)p->trouble_code, rcode));
        return text;
    case NOTIFY_TRUNCATED:
        what = "answers the question for the SOA with a truncated message";
        break;
    case NOTIFY_NO_SOA:
        what = "answers the question for the SOA without one";
        break;
    case NOTIFY_NO_AA:
        what = "answers the question for the SOA, but not as a server of the zone (no AA)";
        break;
    }
    snprintf(text, TROUBLE_TEXT_OCTETS, "%s", what);
    return text;
}
