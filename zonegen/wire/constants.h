/* Numbers of the DNS as IANA assigns them, by the names that RFC 9499 and the registries use. */
#ifndef WIRE_CONSTANTS_H
#define WIRE_CONSTANTS_H

enum dns_type {
    TYPE_A = 1,
    TYPE_NS = 2,
    TYPE_MD = 3,
    TYPE_MF = 4,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_MB = 7,
    TYPE_MG = 8,
    TYPE_MR = 9,
    TYPE_PTR = 12,
    TYPE_MINFO = 14,
    TYPE_MX = 15,
    TYPE_TXT = 16,
    TYPE_RP = 17,
    TYPE_AFSDB = 18,
    TYPE_RT = 21,
    TYPE_SIG = 24,
    TYPE_PX = 26,
    TYPE_AAAA = 28,
    TYPE_NXT = 30,
    TYPE_SRV = 33,
    TYPE_NAPTR = 35,
    TYPE_KX = 36,
    TYPE_CERT = 37,
    TYPE_A6 = 38,
    TYPE_DNAME = 39,
    TYPE_OPT = 41,
    TYPE_DS = 43,
    TYPE_RRSIG = 46,
    TYPE_NSEC = 47,
    TYPE_DNSKEY = 48,
    TYPE_NSEC3 = 50,
    TYPE_NSEC3PARAM = 51,
    TYPE_CDS = 59,
    TYPE_CDNSKEY = 60,
    TYPE_ZONEMD = 63,
    TYPE_TKEY = 249,
    TYPE_TSIG = 250,
    TYPE_IXFR = 251,
    TYPE_AXFR = 252,
    TYPE_MAILB = 253,
    TYPE_MAILA = 254,
    TYPE_ANY = 255,
    TYPE_URI = 256,
};

enum dns_class { CLASS_IN = 1, CLASS_CH = 3, CLASS_NONE = 254, CLASS_ANY = 255 };

enum dns_opcode { OPCODE_QUERY = 0, OPCODE_STATUS = 2, OPCODE_NOTIFY = 4, OPCODE_UPDATE = 5 };

enum dns_rcode {
    RCODE_NOERROR = 0,
    RCODE_FORMERR = 1,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_NOTIMP = 4,
    RCODE_REFUSED = 5,
    RCODE_NOTAUTH = 9,
    RCODE_BADVERS = 16,   /* RFC 6891 §9; its upper eight bits travel in the OPT */
    RCODE_BADCOOKIE = 23, /* RFC 7873 §8 */
};

/* EDNS option codes. */
enum edns_option {
    EDNS_NSID = 3,       /* RFC 5001 */
    EDNS_EXPIRE = 9,     /* RFC 7314 */
    EDNS_COOKIE = 10,    /* RFC 7873 */
    EDNS_KEEPALIVE = 11, /* RFC 7828 */
    EDNS_PADDING = 12,   /* RFC 7830 */
    EDNS_ERROR = 15,     /* RFC 8914 */
};

/* Extended DNS error codes (RFC 8914 §4). */
enum edns_error {
    EDE_OTHER = 0,
    EDE_NOT_READY = 14,
    EDE_PROHIBITED = 18,
    EDE_NOT_AUTHORITATIVE = 20,
    EDE_NOT_SUPPORTED = 21,
};

#define DNS_HEADER_OCTETS  12
#define DNS_UDP_OCTETS     512         /* a UDP message without EDNS (RFC 1035 §4.2.1) */
#define DNS_MESSAGE_OCTETS 65535       /* any message (RFC 1035 §4.2.2) */
#define DNS_TTL_MAX        0x7fffffffu /* RFC 2181 §8 */

#endif
