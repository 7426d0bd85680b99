/* Strict reading of JSON into structs, by tables. A row says of one member what its value
 * must be and where it goes; types, ranges, missing and unknown members, hints and the
 * sentence about a fault all follow from the rows. base/json_schema.h makes JSON Schema of
 * the same rows. What a row cannot say is said by a function of its own (`check`). */
#ifndef IM_BASE_JSON_READ_H
#define IM_BASE_JSON_READ_H

#include "base/json.h"

enum im_read_kind {
    IM_READ_TEXT,     /* struct im_str, copied, not empty; with `names`: one of those */
    IM_READ_BOOL,     /* 0 or 1 */
    IM_READ_TRUE,     /* true or left out; nothing is stored: `check` sees it */
    IM_READ_WHOLE,    /* a whole number from `min` to `max` */
    IM_READ_NUMBER,   /* double; from `min` to `max` */
    IM_READ_DURATION, /* int64_t ms from `min` to `max`: "12h" */
    IM_READ_TIME,     /* int64_t ms since 1970: RFC 3339 */
    IM_READ_WORD,     /* one of `words` or `names`: min + its index */
    IM_READ_OBJECT,   /* a struct, by `table` */
    IM_READ_LIST, /* struct im_json_list of what `rows[0]` says; or of `table`; or of texts */
    IM_READ_EITHER, /* by the first of `rows` that suits by type and `sound`, at offset */
    IM_READ_MAP, /* struct im_json_list of struct im_json_pair: an object of any names */
    IM_READ_JSON, /* const struct im_json *: any value; with `table`: an object, not read */
    IM_READ_PART /* no member: the members of `table` are members here */
};

enum im_read_flag {
    IM_READ_REQUIRED = 1,
    IM_READ_EMPTY = 2,        /* a text may be empty */
    IM_READ_ABOVE = 4,        /* a number must be above `min` */
    IM_READ_ALONE = 8,        /* one item may stand without its list */
    IM_READ_HIDDEN = 16,      /* neither offered as a hint nor in the schema */
    IM_READ_CHECK_ALWAYS = 32 /* a list: `check` sees it also when an item is wrong */
};

struct im_json_reader;
struct im_json_table;

/* A vocabulary that is a table elsewhere. */
struct im_json_names {
    const char *name;                   /* of its schema */
    const char *what;                   /* "cause": "there is no cause …" */
    const char *(*word)(size_t index);  /* NULL past the end */
    const char *(*about)(size_t index); /* may be NULL */
    struct im_hint (*hint)(
        struct im_str word); /* what was meant; NULL: the fewest edits */
    const char *
        lister; /* "`intacct-mock causes` lists them"; NULL: few, named in the sentence */
};

/* What a list is read into: a pointer, and right behind it the count. */
struct im_json_list {
    void *items;
    size_t count;
};

/* One member of an IM_READ_MAP: a text, or what a number, true or false is written as. */
struct im_json_pair {
    struct im_str name, value;
};

/* One member, one kind of item, or one of several forms (name NULL). With size 0 the
 * value is read but not stored. min = max = 0: no
 * bounds; max = INT64_MAX: no upper one. Lifetime: static. */
struct im_json_row {
    const char *name;
    enum im_read_kind kind;
    unsigned flags;      /* of IM_READ_… */
    size_t offset, size; /* in the struct that is read into: IM_READ_INTO */
    int64_t min, max;    /* lists: of the count */
    const char *words;   /* "pass|fail" */
    const struct im_json_names *names;
    const struct im_json_table *table;
    const struct im_json_row *rows;
    size_t count;                      /* of rows */
    const char *schema;                /* IM_READ_EITHER: its name, as in a table */
    bool (*sound)(struct im_str text); /* of a text: does it look right? */
    const char *pattern;               /* the same for the schema */
    const char *wanted; /* "a duration such as \"2s\""; NULL: from the kind */
    /* More about the value; `into` is the struct that has the member. When it returns
     * false it has added a fault. */
    bool (*check)(struct im_json_reader *r, const struct im_json *value, void *into);
    const char *about; /* for the schema, and when it is missing */
};

struct im_json_table {
    const char *name; /* of its schema; NULL: stands where it is used */
    const char *where; /* begins each sentence about it: "rules: …"; NULL: as around it */
    const struct im_json_row *rows;
    size_t count;
    size_t size;       /* of the struct */
    const void *blank; /* what a new one begins as; NULL: zeros */
    unsigned least;    /* at least so many members */
    /* More about the whole, once its members are right; as a row's. */
    bool (*check)(struct im_json_reader *r, const struct im_json *object, void *into);
    const char *about;
};

#define IM_READ_ROWS(array) .rows = (array), .count = sizeof(array) / sizeof((array)[0])
#define IM_READ_INTO(type, member)                                                       \
    .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

struct im_json_fault {
    const struct im_json *at; /* the value at fault; a missing member's object */
    struct im_str field;      /* its name, or that of the missing member; may be empty */
    struct im_error err;
};

/* Reading under way. It goes on behind a fault while there is room for another, so that
 * one pass can find all that is wrong with a text. */
struct im_json_reader {
    struct im_arena *arena;       /* texts and lists are copied into it */
    void *context;                /* for the checks */
    const char *where;            /* begins each sentence; tables set it */
    const char *member;           /* what a member is called; NULL = "field" */
    struct im_json_fault *faults; /* the caller's */
    size_t room, count;           /* of faults */
};

/* Reads the object's members into a struct that has its initial values. False when there
 * is a fault: the struct then holds what could be read. */
bool im_json_read(struct im_json_reader *r, const struct im_json_table *table,
                  const struct im_json *object, void *into);
/* The same into a new struct of the reader's arena; NULL when there is a fault. */
void *im_json_read_new(struct im_json_reader *r, const struct im_json_table *table,
                       const struct im_json *object);
/* One value by one row, as if it stood there: for checks. */
bool im_json_read_row(struct im_json_reader *r, const struct im_json_row *row,
                      const struct im_json *value, void *into);

/* These add a fault, while there is room, and return false. */
bool im_json_fault(struct im_json_reader *r, const struct im_json *at, const char *format,
                   ...) IM_PRINTF(3, 4);
/* `"nth" must be WANTED, not 0` */
bool im_json_wrong(struct im_json_reader *r, const struct im_json *value,
                   const char *wanted);
/* `there is no WHAT "x"; did you mean "y"?` */
bool im_json_no_such(struct im_json_reader *r, const struct im_json *value,
                     const struct im_json_names *names);
/* `WHO needs "by"` */
bool im_json_lacks(struct im_json_reader *r, const struct im_json *object,
                   const char *who, const char *name);
bool im_json_no_memory(struct im_json_reader *r, const struct im_json *at);
/* What another part of the program found at this value, with its kind. */
bool im_json_fault_of(struct im_json_reader *r, const struct im_json *at,
                      const struct im_error *err);

/* The members of a table, those of its parts among them; `base`: where in the struct the
 * row's own struct is. How many. */
enum { IM_READ_MEMBERS_MAX = 64 };
struct im_json_member {
    const struct im_json_row *row;
    size_t base;
};
size_t im_json_members(const struct im_json_table *table,
                       struct im_json_member members[IM_READ_MEMBERS_MAX]);
/* What an item of this list is. */
struct im_json_row im_json_item(const struct im_json_row *list);
/* Word number `index` of a row, empty past the end. */
struct im_str im_json_row_word(const struct im_json_row *row, size_t index);

#endif
