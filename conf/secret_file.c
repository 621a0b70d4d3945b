#include "conf/secret_file.h"

#include <string.h>
#include <strings.h>

#define RULE "secret-form"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_ITEM, TOKEN_MARK, TOKEN_BROKEN };

struct token {
    enum token_kind kind;
    struct secret_text text; /* TOKEN_ITEM: without its colon; TOKEN_MARK: one of { } ; - */
    bool quoted;
};

struct lexer {
    const char *next;
    const char *end;
    struct place place; /* of `next` */
    bool in_clause;     /* in a clause of BIND, where "//" begins a comment and no base64 */
};

/* Steps over one character; columns count characters, which in UTF-8 begin outside 80..bf. */
static void step(struct lexer *lexer)
{
    unsigned char c = (unsigned char)*lexer->next++;

    if (c == '\n') {
        lexer->place.line++;
        lexer->place.column = 1;
    } else if ((c & 0xc0) != 0x80) {
        lexer->place.column++;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_mark(char c)
{
    return c == '{' || c == '}' || c == ';';
}

static bool starts_with(const struct lexer *lexer, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(lexer->end - lexer->next) >= length && memcmp(lexer->next, text, length) == 0;
}

/* A secret may begin with "//": only before a blank, or where BIND reads, that is a comment. */
static bool is_line_comment(const struct lexer *lexer)
{
    if (*lexer->next == '#')
        return true;
    if (!starts_with(lexer, "//"))
        return false;
    return lexer->in_clause || lexer->end - lexer->next == 2 || is_blank(lexer->next[2]);
}

/* Steps over blanks and comments. */
static void skip(struct lexer *lexer)
{
    while (lexer->next < lexer->end) {
        if (is_blank(*lexer->next)) {
            step(lexer);
        } else if (is_line_comment(lexer)) {
            while (lexer->next < lexer->end && *lexer->next != '\n')
                step(lexer);
        } else if (starts_with(lexer, "/*")) {
            while (lexer->next < lexer->end && !starts_with(lexer, "*/"))
                step(lexer);
            for (int i = 0; i < 2 && lexer->next < lexer->end; i++)
                step(lexer);
        } else {
            return;
        }
    }
}

static struct token take_quoted(struct lexer *lexer)
{
    struct token token = {.kind = TOKEN_WORD, .quoted = true};
    char quote = *lexer->next;

    token.text.place = lexer->place;
    step(lexer);
    token.text.at = lexer->next;
    while (lexer->next < lexer->end && *lexer->next != quote && *lexer->next != '\n')
        step(lexer);
    token.text.length = (size_t)(lexer->next - token.text.at);
    if (lexer->next == lexer->end || *lexer->next != quote)
        token.kind = TOKEN_BROKEN;
    else
        step(lexer);
    return token;
}

static struct token take_word(struct lexer *lexer)
{
    struct token token = {.kind = TOKEN_WORD};

    token.text.place = lexer->place;
    token.text.at = lexer->next;
    while (lexer->next < lexer->end && !is_blank(*lexer->next) && !is_mark(*lexer->next) &&
           *lexer->next != '"')
        step(lexer);
    token.text.length = (size_t)(lexer->next - token.text.at);
    if (token.text.at[token.text.length - 1] == ':') {
        token.kind = TOKEN_ITEM;
        token.text.length--;
    } else if (token.text.length == 1 && token.text.at[0] == '-') {
        token.kind = TOKEN_MARK;
    }
    return token;
}

static struct token take(struct lexer *lexer)
{
    skip(lexer);
    if (lexer->next == lexer->end)
        return (struct token){.kind = TOKEN_END, .text.place = lexer->place};
    if (*lexer->next == '"' || *lexer->next == '\'')
        return take_quoted(lexer);
    if (!is_mark(*lexer->next))
        return take_word(lexer);
    struct token token = {.kind = TOKEN_MARK, .text = {lexer->next, 1, lexer->place}};
    step(lexer);
    return token;
}

static bool text_is(const struct secret_text *text, const char *word)
{
    return text->length == strlen(word) && strncasecmp(text->at, word, text->length) == 0;
}

static bool is_mark_of(const struct token *token, char mark)
{
    return token->kind == TOKEN_MARK && token->text.at[0] == mark;
}

bool secret_names_algorithm(const struct secret_text *text)
{
    static const char hmac[] = "hmac-";
    return text->length >= strlen(hmac) && text->length <= strlen("hmac-sha256-128.") &&
           strncasecmp(text->at, hmac, strlen(hmac)) == 0;
}

struct parse {
    struct lexer lexer;
    struct diag *diag;
    struct secret_file *out;
};

static enum status refuse(const struct parse *parse, const struct token *token,
                          const char *expected)
{
    if (token->kind == TOKEN_BROKEN)
        diag_error(parse->diag, token->text.place, RULE, "a quote is opened and never closed");
    else if (token->kind == TOKEN_END)
        diag_error(parse->diag, token->text.place, RULE, "the file ends too early; %s", expected);
    else
        diag_error(parse->diag, token->text.place, RULE, "not the file of a key; %s", expected);
    return STATUS_INVALID;
}

static struct secret_entry *add_entry(const struct parse *parse, struct place place)
{
    struct secret_file *out = parse->out;

    if (out->count == SECRET_FILE_KEYS) {
        diag_error(parse->diag, place, RULE, "more than %d keys in one file", SECRET_FILE_KEYS);
        return NULL;
    }
    struct secret_entry *entry = &out->entries[out->count++];
    *entry = (struct secret_entry){.secret.place = place};
    return entry;
}

/* The member that an item of any of the forms is for; NULL when it has none here. */
static struct secret_text *member_of(struct secret_entry *entry, const struct secret_text *item)
{
    if (text_is(item, "id") || text_is(item, "name"))
        return &entry->name;
    if (text_is(item, "algorithm"))
        return &entry->algorithm;
    return text_is(item, "secret") ? &entry->secret : NULL;
}

static enum status set(const struct parse *parse, struct secret_text *member,
                       const struct token *item, const struct token *value)
{
    if (member == NULL)
        return refuse(parse, item, "a key has a name, an algorithm and a secret");
    if (member->at != NULL) {
        diag_error(parse->diag, item->text.place, RULE, "'%.*s' is given twice for one key",
                   (int)item->text.length, item->text.at);
        return STATUS_INVALID;
    }
    if (value->kind != TOKEN_WORD)
        return refuse(parse, value, "a value was expected");
    *member = value->text;
    return STATUS_OK;
}

/* One item of a clause, from its first word to its semicolon. */
static enum status parse_statement(struct parse *parse, struct secret_entry *entry,
                                   const struct token *item)
{
    if (item->kind != TOKEN_WORD)
        return refuse(parse, item, "'algorithm …;' or 'secret \"…\";' was expected");
    struct token value = take(&parse->lexer);
    struct secret_text *member = text_is(&item->text, "name") || text_is(&item->text, "id")
                                     ? NULL
                                     : member_of(entry, &item->text);
    enum status status = set(parse, member, item, &value);
    if (status != STATUS_OK)
        return status;
    struct token mark = take(&parse->lexer);
    return is_mark_of(&mark, ';') ? STATUS_OK : refuse(parse, &mark, "';' was expected");
}

/* key NAME { …; }; after its first word. */
static enum status parse_clause(struct parse *parse, struct place place)
{
    struct token name = take(&parse->lexer);
    struct secret_entry *entry = add_entry(parse, place);
    if (entry == NULL)
        return STATUS_INVALID;
    if (name.kind != TOKEN_WORD)
        return refuse(parse, &name, "'key \"NAME\" {' was expected");
    entry->name = name.text;
    struct token token = take(&parse->lexer);
    if (!is_mark_of(&token, '{'))
        return refuse(parse, &token, "'{' was expected");
    for (token = take(&parse->lexer); !is_mark_of(&token, '}'); token = take(&parse->lexer)) {
        enum status status = parse_statement(parse, entry, &token);
        if (status != STATUS_OK)
            return status;
    }
    token = take(&parse->lexer);
    return is_mark_of(&token, ';') ? STATUS_OK : refuse(parse, &token, "';' was expected");
}

static enum status parse_clauses(struct parse *parse, struct token token)
{
    parse->lexer.in_clause = true;
    while (token.kind != TOKEN_END) {
        if (token.kind != TOKEN_WORD || !text_is(&token.text, "key"))
            return refuse(parse, &token, "'key \"NAME\" {' was expected");
        enum status status = parse_clause(parse, token.text.place);
        if (status != STATUS_OK)
            return status;
        token = take(&parse->lexer);
    }
    return STATUS_OK;
}

/* "item: value", of Knot and NSD. A key begins with "key:" or "-", or with the file. */
static enum status parse_items(struct parse *parse, struct token token)
{
    struct secret_entry *entry = NULL;

    for (; token.kind != TOKEN_END; token = take(&parse->lexer)) {
        if (is_mark_of(&token, '-') || (token.kind == TOKEN_ITEM && text_is(&token.text, "key"))) {
            entry = NULL;
            continue;
        }
        if (token.kind != TOKEN_ITEM)
            return refuse(parse, &token, "'name:', 'algorithm:' or 'secret:' was expected");
        if (entry == NULL)
            entry = add_entry(parse, token.text.place);
        if (entry == NULL)
            return STATUS_INVALID;
        struct token value = take(&parse->lexer);
        enum status status = set(parse, member_of(entry, &token.text), &token, &value);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Cuts a text at its first colon; the part before it, or nothing where there is none. */
static struct secret_text cut(struct secret_text *text)
{
    const char *colon = memchr(text->at, ':', text->length);
    struct secret_text before = {.at = NULL};

    if (colon != NULL) {
        size_t length = (size_t)(colon - text->at);
        before = (struct secret_text){text->at, length, text->place};
        text->at += length + 1;
        text->length -= length + 1;
        text->place.column += (unsigned)length + 1;
    }
    return before;
}

/* SECRET, NAME:SECRET, ALGORITHM:NAME:SECRET or, as drill has it, NAME:SECRET:ALGORITHM. */
static void split_plain(struct secret_entry *entry, const struct secret_text *text)
{
    struct secret_text rest = *text;
    struct secret_text first = cut(&rest);
    struct secret_text second = cut(&rest);

    entry->is_plain = true;
    if (second.at != NULL && secret_names_algorithm(&rest)) {
        entry->name = first;
        entry->secret = second;
        entry->algorithm = rest;
        return;
    }
    entry->algorithm = second.at != NULL ? first : second;
    entry->name = second.at != NULL ? second : first;
    entry->secret = rest;
}

static enum status parse_plain(struct parse *parse, struct token token)
{
    for (; token.kind != TOKEN_END; token = take(&parse->lexer)) {
        if (token.kind != TOKEN_WORD)
            return refuse(parse, &token,
                          "write what tsig-keygen, keymgr -t or 'zonegen key tsig' print");
        struct secret_entry *entry = add_entry(parse, token.text.place);
        if (entry == NULL)
            return STATUS_INVALID;
        split_plain(entry, &token.text);
    }
    return STATUS_OK;
}

enum status secret_file_parse(const char *file, const char *text, size_t length, struct diag *diag,
                              struct secret_file *out)
{
    struct parse parse = {
        .lexer = {text, text + length, {.file = file, .line = 1, .column = 1}, false},
        .diag = diag,
        .out = out,
    };

    out->count = 0;
    struct token first = take(&parse.lexer);
    if (first.kind == TOKEN_WORD && !first.quoted && text_is(&first.text, "key"))
        return parse_clauses(&parse, first);
    if (first.kind == TOKEN_ITEM || is_mark_of(&first, '-'))
        return parse_items(&parse, first);
    return parse_plain(&parse, first);
}
