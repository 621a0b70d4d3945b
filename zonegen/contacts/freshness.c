#include "contacts/freshness.h"

enum freshness entry_freshness(int32_t verified_days, int32_t today,
                               const struct config_freshness *thresholds)
{
    int64_t age = (int64_t)today - verified_days;

    if (age > thresholds->expired_days)
        return FRESHNESS_EXPIRED;
    if (age > thresholds->stale_days)
        return FRESHNESS_STALE;
    return age > thresholds->due_days ? FRESHNESS_DUE : FRESHNESS_FRESH;
}
