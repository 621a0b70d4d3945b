#include "server/notify_words.h"

#include "server/errno_text.h"
#include "server/tsig.h"
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
    if (rcode == RCODE_BADCOOKIE)
        return "BADCOOKIE";
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

/* What the TSIG of an answer says is proved by nothing, but where to look. */
static const char *distrust_text(int error)
{
    switch (error) {
    case TSIG_BADKEY:
        return "answers BADKEY: does it know the key, with this algorithm?";
    case TSIG_BADSIG:
        return "answers BADSIG: has it the same secret?";
    case TSIG_BADTIME:
        return "answers BADTIME: are the clocks right, there and here?";
    case TSIG_BADTRUNC:
        return "answers BADTRUNC: it wants another length of MAC";
    default:
        return "answers without a signature, or with one that is not good";
    }
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
    case NOTIFY_DISTRUSTED:
        what = distrust_text(p->trouble_code);
        break;
    case NOTIFY_NO_AA:
        what = "answers the question for the SOA, but not as a server of the zone (no AA)";
        break;
    }
    snprintf(text, TROUBLE_TEXT_OCTETS, "%s", what);
    return text;
}
