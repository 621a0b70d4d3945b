/*
 * What the targets answer from: zones with every kind of name. The chains of NSEC and NSEC3 are
 * those that dnssec-signzone made; the signatures are zeros, since nothing here verifies them.
 * Lines, because a C string may be too long.
 */
#ifndef FUZZ_ZONES_H
#define FUZZ_ZONES_H

#include <stddef.h>

/* A string of 60 octets. */
#define BIG(x) "\"" x "-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""

#define HUGE(x)                                                                                    \
    "huge TXT " BIG(x "1") " " BIG(x "2") " " BIG(x "3") " " BIG(x "4") " " BIG(x "5") " " BIG(    \
        x "6")

#define SIGNED(owner, ttl, type, labels)                                                           \
    owner                                                                                          \
        " " ttl " RRSIG " type " 13 " labels " " ttl " 20360101000000 20260101000000 1 @ "         \
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="

static const char *const nsec_zone[] = {
    "$ORIGIN s.example.\n$TTL 3600\n@ SOA ns1 h 7 3600 900 2419200 300",
    SIGNED("@", "3600", "SOA", "2"),
    "@ NS ns1",
    SIGNED("@", "3600", "NS", "2"),
    "@ 300 NSEC c NS SOA RRSIG NSEC DNSKEY",
    SIGNED("@", "300", "NSEC", "2"),
    "@ DNSKEY 257 3 13 "
    "zdAOML/cinwUuWUvk52JtAtcX9FgY+wb8sszFIQIl7Z3nM20wNFgIomWBTNgkyEtgyBmvKENw5ggmgobz3D0Lg==",
    SIGNED("@", "3600", "DNSKEY", "2"),
    "ns.cut A 192.0.2.3",
    "ns.ds A 192.0.2.4",
    "c CNAME b.w",
    SIGNED("c", "3600", "CNAME", "3"),
    "c 300 NSEC cut CNAME RRSIG NSEC",
    SIGNED("c", "300", "NSEC", "3"),
    "a.b.e A 192.0.2.2",
    SIGNED("a.b.e", "3600", "A", "5"),
    "a.b.e 300 NSEC n A RRSIG NSEC",
    SIGNED("a.b.e", "300", "NSEC", "5"),
    "ns1 A 192.0.2.1",
    SIGNED("ns1", "3600", "A", "3"),
    "ns1 300 NSEC o A RRSIG NSEC",
    SIGNED("ns1", "300", "NSEC", "3"),
    "cut NS ns.cut",
    "cut 300 NSEC ds NS RRSIG NSEC",
    SIGNED("cut", "300", "NSEC", "3"),
    "n CNAME nothing",
    SIGNED("n", "3600", "CNAME", "3"),
    "n 300 NSEC ns1 CNAME RRSIG NSEC",
    SIGNED("n", "300", "NSEC", "3"),
    "ds NS ns.ds",
    "ds DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000",
    SIGNED("ds", "3600", "DS", "3"),
    "ds 300 NSEC a.b.e NS DS RRSIG NSEC",
    SIGNED("ds", "300", "NSEC", "3"),
    "o CNAME www.outside.test.",
    SIGNED("o", "3600", "CNAME", "3"),
    "o 300 NSEC *.w CNAME RRSIG NSEC",
    SIGNED("o", "300", "NSEC", "3"),
    "xa TXT \"0 Xanadu\"",
    "xa TXT \"1 security 24x7 +442079460101\"",
    SIGNED("xa", "3600", "TXT", "3"),
    "xa RP noc.nic-xa.test. _noc.xa",
    SIGNED("xa", "3600", "RP", "3"),
    "xa 300 NSEC *.xa TXT RP RRSIG NSEC",
    SIGNED("xa", "300", "NSEC", "3"),
    "*.w CNAME xa",
    SIGNED("*.w", "3600", "CNAME", "3"),
    "*.w 300 NSEC xa CNAME RRSIG NSEC",
    SIGNED("*.w", "300", "NSEC", "3"),
    "*.xa TXT \"0 Xanadu\"",
    SIGNED("*.xa", "3600", "TXT", "3"),
    "*.xa 300 NSEC _noc.xa TXT RRSIG NSEC",
    SIGNED("*.xa", "300", "NSEC", "3"),
    "_noc.xa TXT \"v=cc1\"",
    SIGNED("_noc.xa", "3600", "TXT", "4"),
    "_noc.xa 300 NSEC @ TXT RRSIG NSEC",
    SIGNED("_noc.xa", "300", "NSEC", "4"),
    NULL,
};

static const char *const nsec3_zone[] = {
    "$ORIGIN h.example.\n$TTL 3600\n@ SOA ns1 h 7 3600 900 2419200 300",
    SIGNED("@", "3600", "SOA", "2"),
    "@ NS ns1",
    SIGNED("@", "3600", "NS", "2"),
    "@ DNSKEY 257 3 13 "
    "P3EUDXGIh4efbGeiYb7519vXDCqjk4CtfMOidNxn43DsqQKo+I25phrostMDlpPsRbIXaiaRPvgQ32XJncL9dA==",
    SIGNED("@", "3600", "DNSKEY", "2"),
    "@ 0 NSEC3PARAM 1 0 1 AB",
    SIGNED("@", "0", "NSEC3PARAM", "2"),
    "cut NS ns.cut",
    "ns.cut A 192.0.2.3",
    "ns.ds A 192.0.2.4",
    "ds NS ns.ds",
    "ds DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000",
    SIGNED("ds", "3600", "DS", "3"),
    "c CNAME b.w",
    SIGNED("c", "3600", "CNAME", "3"),
    "n CNAME nothing",
    SIGNED("n", "3600", "CNAME", "3"),
    "ns1 A 192.0.2.1",
    SIGNED("ns1", "3600", "A", "3"),
    "*.w CNAME xa",
    SIGNED("*.w", "3600", "CNAME", "3"),
    "a.b.e A 192.0.2.2",
    SIGNED("a.b.e", "3600", "A", "5"),
    "o CNAME www.outside.test.",
    SIGNED("o", "3600", "CNAME", "3"),
    "_noc.xa TXT \"v=cc1\"",
    SIGNED("_noc.xa", "3600", "TXT", "4"),
    "5HBUEPUISBCLMF62BGLV0AAD8UIS96FQ 300 NSEC3 1 1 1 AB 6FF5COST38MR4HQDBIITHJNUN4UV4NDN NS DS "
    "RRSIG",
    SIGNED("5HBUEPUISBCLMF62BGLV0AAD8UIS96FQ", "300", "NSEC3", "3"),
    "6FF5COST38MR4HQDBIITHJNUN4UV4NDN 300 NSEC3 1 1 1 AB 6KQ95UFH9SPK768SS2FINP42TLAJB5N6",
    SIGNED("6FF5COST38MR4HQDBIITHJNUN4UV4NDN", "300", "NSEC3", "3"),
    "6KQ95UFH9SPK768SS2FINP42TLAJB5N6 300 NSEC3 1 1 1 AB BCDC7GQ1AD39GH21ROTJ4F048U109DG4",
    SIGNED("6KQ95UFH9SPK768SS2FINP42TLAJB5N6", "300", "NSEC3", "3"),
    "BCDC7GQ1AD39GH21ROTJ4F048U109DG4 300 NSEC3 1 1 1 AB CRION5C8NTEUU92BRHM8S3K7M9ARH3N4 NS SOA "
    "RRSIG DNSKEY NSEC3PARAM",
    SIGNED("BCDC7GQ1AD39GH21ROTJ4F048U109DG4", "300", "NSEC3", "3"),
    "DD53SNP9HT3TDM15FMNGGBEC9ON5RTH0 300 NSEC3 1 1 1 AB EKD21SNAM10BTF614QBSB5PATMS2O2CR CNAME "
    "RRSIG",
    SIGNED("DD53SNP9HT3TDM15FMNGGBEC9ON5RTH0", "300", "NSEC3", "3"),
    "xa TXT \"0 Xanadu\"",
    "xa TXT \"1 security 24x7 +442079460101\"",
    SIGNED("xa", "3600", "TXT", "3"),
    "xa RP noc.nic-xa.test. _noc.xa",
    SIGNED("xa", "3600", "RP", "3"),
    "*.xa TXT \"0 Xanadu\"",
    SIGNED("*.xa", "3600", "TXT", "3"),
    "CRION5C8NTEUU92BRHM8S3K7M9ARH3N4 300 NSEC3 1 1 1 AB DD53SNP9HT3TDM15FMNGGBEC9ON5RTH0 TXT RP "
    "RRSIG",
    SIGNED("CRION5C8NTEUU92BRHM8S3K7M9ARH3N4", "300", "NSEC3", "3"),
    "INCJVUQ98L9PGEF21G363DFMCOSFRR06 300 NSEC3 1 1 1 AB JKV97P49LU4PJCP85BFL6E56PF5HMGSQ TXT "
    "RRSIG",
    SIGNED("INCJVUQ98L9PGEF21G363DFMCOSFRR06", "300", "NSEC3", "3"),
    "H495FGRKTDMM0S2J2P1PJIU0R5CL15SA 300 NSEC3 1 1 1 AB INCJVUQ98L9PGEF21G363DFMCOSFRR06",
    SIGNED("H495FGRKTDMM0S2J2P1PJIU0R5CL15SA", "300", "NSEC3", "3"),
    "EKD21SNAM10BTF614QBSB5PATMS2O2CR 300 NSEC3 1 1 1 AB H495FGRKTDMM0S2J2P1PJIU0R5CL15SA CNAME "
    "RRSIG",
    SIGNED("EKD21SNAM10BTF614QBSB5PATMS2O2CR", "300", "NSEC3", "3"),
    "JKV97P49LU4PJCP85BFL6E56PF5HMGSQ 300 NSEC3 1 1 1 AB M16KDK4ETRQ5KATT9O7S543SOR68533I TXT "
    "RRSIG",
    SIGNED("JKV97P49LU4PJCP85BFL6E56PF5HMGSQ", "300", "NSEC3", "3"),
    "M16KDK4ETRQ5KATT9O7S543SOR68533I 300 NSEC3 1 1 1 AB PMJSINRMNRFMTS83T8471UILAN83A5LP A RRSIG",
    SIGNED("M16KDK4ETRQ5KATT9O7S543SOR68533I", "300", "NSEC3", "3"),
    "PMJSINRMNRFMTS83T8471UILAN83A5LP 300 NSEC3 1 1 1 AB QP76HCO4DUA33AOLTC6J9SP99RMTGOU2 A RRSIG",
    SIGNED("PMJSINRMNRFMTS83T8471UILAN83A5LP", "300", "NSEC3", "3"),
    "QP76HCO4DUA33AOLTC6J9SP99RMTGOU2 300 NSEC3 1 1 1 AB RD2N473UUHUMI1DG7RPA126PQFI9PJ6M CNAME "
    "RRSIG",
    SIGNED("QP76HCO4DUA33AOLTC6J9SP99RMTGOU2", "300", "NSEC3", "3"),
    "RD2N473UUHUMI1DG7RPA126PQFI9PJ6M 300 NSEC3 1 1 1 AB 5HBUEPUISBCLMF62BGLV0AAD8UIS96FQ CNAME "
    "RRSIG",
    SIGNED("RD2N473UUHUMI1DG7RPA126PQFI9PJ6M", "300", "NSEC3", "3"),
    NULL,
};

/* Three versions of one zone: the first two are its history. */
static const char *const plain_zone[] = {
    "$ORIGIN example.\n$TTL 3600",
    "@ NS ns1",
    "@ TXT \"dig TXT xa.example\"",
    "ns1 A 192.0.2.1",
    "ns1 AAAA 2001:db8::1",
    "xa TXT \"0 Registry (.xa)\"",
    "xa TXT \"1 security 24x7 +442079460101\"",
    "xa RP noc.nic-xa _security.xa",
    "*.xa TXT \"0 Registry (.xa)\"",
    "_security.xa TXT \"v=cc1\"",
    "_security.xa URI 10 0 \"tel:+442079460101\"",
    "alias CNAME xa",
    "*.alias CNAME xa",
    "c2 CNAME alias",
    "loop CNAME loop2",
    "loop2 CNAME loop",
    "out CNAME www.outside.test.",
    "a.b.empty TXT \"below two empty non-terminals\"",
    "cut NS ns.cut",
    "cut NS ns1",
    "cut DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000",
    "ns.cut A 192.0.2.2",
    "MiXeD MX 10 ns1",
    "\\000\\.\\255 TXT odd",
    "many TXT 1\nmany A 192.0.2.3\nmany AAAA 2001:db8::3\nmany MX 1 ns1\nmany SRV 1 1 1 ns1",
    "many TYPE65280 \\# 3 010203",
    "big TXT " BIG("1") " " BIG("2") " " BIG("3") " " BIG("4"),
    "big TXT " BIG("5") " " BIG("6") " " BIG("7") " " BIG("8"),
    HUGE("a"),
    HUGE("b"),
    HUGE("c"),
    HUGE("d"),
    NULL,
};
static const char *const first_lines[] = {"@ SOA ns1 hostmaster 5 3600 900 604800 300",
                                          "gone TXT gone",
                                          "changed TXT a",
                                          "changed TXT b",
                                          "same TXT x",
                                          NULL};
static const char *const second_lines[] = {"@ SOA ns1 hostmaster 6 3600 900 604800 300",
                                           "changed TXT b", "changed TXT c", "other A 192.0.2.9",
                                           NULL};
static const char *const third_lines[] = {"@ SOA ns1 hostmaster 7 3600 900 604800 300",
                                          "changed TXT c", "new TXT new", "same TXT x", NULL};

/* For its members only. */
static const char *const members_zone[] = {
    "$ORIGIN members.test.\n$TTL 3600",
    "@ SOA ns1 hostmaster 7 3600 900 604800 300",
    "@ NS ns1",
    "ns1 A 192.0.2.1",
    "xa TXT \"0 for members\"",
    NULL,
};

#endif
