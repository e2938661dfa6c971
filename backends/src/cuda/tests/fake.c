/* A driver without a GPU: what the tests find in the place of libcuda.
 *
 * Streams are real queues, and lazy ones: nothing runs before somebody waits for it (a query lets one step
 * happen). So whatever relies on order without asking for it goes wrong here, every time. Memory knows
 * whether it is alive at the moment an operation runs: touching it outside of that is an "illegal address",
 * which is sticky, as on a device. Allocations follow the driver's pool: what is freed is kept, serves
 * requests of just its size, and counts against the device until it is trimmed.
 *
 * Calls check what the driver checks: the current context, the context of streams and events, captures.
 * Kernels are known by their names (see `run_kernel`); all launches that ran are logged. Control functions
 * (`fake_*`) make the next call of a name fail, set the size of a device, say what the next kernel writes, and
 * read the log. Failures are asked for by thread, and each test uses a device of its own: tests may share a process.
 *
 * Only what the runtime layer calls is here. Handles are pointers to structures that are never freed. */

#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define API __attribute__((visibility("default")))
typedef uint32_t code;
typedef unsigned long long devptr;
enum { OK = 0, INVALID_VALUE = 1, NO_MEMORY = 2, NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_IMAGE = 200,
       INVALID_CONTEXT = 201, INVALID_PTX = 218, INVALID_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600,
       ILLEGAL_ADDRESS = 700, CAPTURE_UNSUPPORTED = 900 };
enum { MAX_DEVICES = 20, WORDS = 64 };

typedef struct stream stream;
typedef struct block block;
typedef struct event event;
typedef struct function function;
typedef struct op op;
typedef struct graph graph;

typedef struct { int id; code sticky; size_t total, reserved; } device;
struct event { device *dev; stream *on; uint64_t at; int timed, recorded, done; double ms; };
struct block { char *at; size_t size; device *dev; int used, alive; block *next; };
struct function { char name[64]; size_t sizes[16]; int count, dynamic, unloaded; function *next; };
typedef struct { function *fn; uint32_t grid[3], block[3], shared; int words; uint64_t word[WORDS]; } launch;
enum kind { COPY, FILL, KERNEL, RECORD, WAIT, ALLOC, FREE };
struct op { enum kind kind; uint64_t number; devptr to, from; size_t len; int to_host, from_host; char *staged;
            launch launch; event *event; block *block; op *next; };
struct stream { device *dev; op *head, **tail; uint64_t given, done; graph *capture; stream *next; };
struct graph { launch *nodes[256]; int count; };
typedef struct { function *functions; } module;
typedef struct pinned { char *at; size_t size; struct pinned *next; } pinned;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static device devices[MAX_DEVICES];
static int device_count = -1;
static block *blocks;
static stream *streams;
static pinned *pins;
static __thread device *current;

/* ---- control ---- */

static __thread struct { const char *name; code code; int skip; } failure;

static code asked_for(const char *name) {
    if (!failure.name || strcmp(failure.name, name)) return OK;
    if (failure.skip-- > 0) return OK;
    failure.name = NULL;
    return failure.code;
}
API void fake_fail(const char *name, code code, int skip) {
    failure.name = strdup(name), failure.code = code, failure.skip = skip;
}
API void fake_total(int dev, size_t bytes) { devices[dev].total = bytes; }
/* What the next kernel of a device writes to where one of its words points; a negative one counts from the last. */
static struct { int word, count; uint64_t values[8]; } stored[MAX_DEVICES];
API void fake_store(int dev, int word, const uint64_t *values, size_t count) {
    pthread_mutex_lock(&lock);
    stored[dev].word = word, stored[dev].count = count;
    memcpy(stored[dev].values, values, count * sizeof *values);
    pthread_mutex_unlock(&lock);
}
API size_t fake_reserved(int dev) { return devices[dev].reserved; }

typedef struct { char name[64]; int device; uint32_t grid[3], block, shared, words; uint64_t word[WORDS];
                 uint32_t deep[2]; } entry;
static entry *ran;
static size_t ran_count, ran_room;

/* The launch of this number among those that ran on a device. */
API int fake_ran(int dev, size_t number, entry *out) {
    int found = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < ran_count && !found; i++)
        if (ran[i].device == dev && number-- == 0) *out = ran[i], found = 1;
    pthread_mutex_unlock(&lock);
    return found;
}

/* ---- the queues; all of it under the lock ---- */

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int is_alive(device *dev, devptr at, size_t len) {
    for (block *b = blocks; b; b = b->next)
        if (at >= (devptr)b->at && at + len <= (devptr)b->at + b->size) return b->alive && (!dev || b->dev == dev);
    return 0;
}

static int is_pinned(const void *at) {
    for (pinned *p = pins; p; p = p->next)
        if ((char *)at >= p->at && (char *)at < p->at + p->size) return 1;
    return 0;
}

static int run_kernel(device *dev, launch *l) {
    if (ran_count == ran_room) ran = realloc(ran, (ran_room = ran_room * 2 + 64) * sizeof *ran);
    entry *e = &ran[ran_count++];
    memset(e, 0, sizeof *e);
    strcpy(e->name, l->fn->name);
    e->device = dev->id, e->block = l->block[0], e->shared = l->shared, e->words = l->words;
    memcpy(e->deep, l->block + 1, sizeof e->deep);
    memcpy(e->grid, l->grid, sizeof e->grid);
    memcpy(e->word, l->word, sizeof e->word);
    if (stored[dev->id].count) {
        int word = stored[dev->id].word, bytes = stored[dev->id].count * 8;
        devptr at = l->word[word < 0 ? l->words + word : word];
        stored[dev->id].count = 0;
        if (!is_alive(dev, at, bytes)) return 0;
        memcpy((void *)at, stored[dev->id].values, bytes);
    }
    if (!strcmp(l->fn->name, "trap") || l->fn->unloaded) return 0;
    if (!strcmp(l->fn->name, "touch")) return is_alive(dev, l->word[0], 1);
    if (!strcmp(l->fn->name, "fill")) { /* address, count, value */
        if (!is_alive(dev, l->word[0], l->word[1] * 8)) return 0;
        for (uint64_t i = 0; i < l->word[1]; i++) ((uint64_t *)l->word[0])[i] = l->word[2];
    }
    if (!strcmp(l->fn->name, "saxpy")) { /* count, factor, x, y: y += factor * x, by the threads there are */
        uint32_t n = l->word[0], threads = l->grid[0] * l->block[0];
        float a, *x = (float *)l->word[2], *y = (float *)l->word[3];
        memcpy(&a, &l->word[1], 4);
        if (!is_alive(dev, l->word[2], n * 4ull) || !is_alive(dev, l->word[3], n * 4ull)) return 0;
        for (uint32_t i = 0; i < n && i < threads; i++) y[i] += a * x[i];
    }
    return 1;
}

static void run_to(stream *s, uint64_t number);

static void run_one(stream *s) {
    op *o = s->head;
    int fine = 1;
    if (!o) return;
    if (o->kind == WAIT && o->event->recorded && !o->event->done) run_to(o->event->on, o->event->at);
    s->head = o->next;
    if (!s->head) s->tail = &s->head;
    switch (s->dev->sticky ? RECORD + 100 : o->kind) {
    case COPY:
        fine = (o->from_host || is_alive(NULL, o->from, o->len)) && (o->to_host || is_alive(NULL, o->to, o->len));
        if (fine) memcpy((char *)o->to, o->staged ? o->staged : (char *)o->from, o->len);
        break;
    case FILL:
        memset((void *)o->to, (int)o->from, o->len);
        break;
    case KERNEL: fine = run_kernel(s->dev, &o->launch); break;
    case RECORD:
        if (o->event->on == s && o->event->at == o->number) o->event->done = 1, o->event->ms = now_ms();
        break;
    case ALLOC: o->block->alive = 1; break;
    case FREE:
        fine = o->block->alive;
        o->block->alive = o->block->used = 0;
        memset(o->block->at, 0xdd, o->block->size);
        break;
    default: break;
    }
    if (!fine && !s->dev->sticky) s->dev->sticky = ILLEGAL_ADDRESS;
    s->done = o->number;
    free(o->staged);
    free(o);
}

static void run_to(stream *s, uint64_t number) {
    while (s->head && s->done < number) run_one(s);
}

static op *give(stream *s, enum kind kind) {
    op *o = calloc(1, sizeof *o);
    o->kind = kind, o->number = ++s->given;
    *s->tail = o, s->tail = &o->next;
    return o;
}

/* ---- what every call begins and ends with ---- */

#define BEGIN(name)                                          \
    code result = asked_for(name);                           \
    if (result) return result;                               \
    pthread_mutex_lock(&lock);
#define END                                                  \
    goto out;                                                \
    out:                                                     \
    pthread_mutex_unlock(&lock);                             \
    return result;
#define FAIL(code) do { result = (code); goto out; } while (0)
/* Calls that need a context, and one that works. */
#define CONTEXT                                              \
    if (!current) FAIL(INVALID_CONTEXT);                     \
    if (current->sticky) FAIL(current->sticky);
#define ON(s)                                                \
    CONTEXT                                                  \
    if (!(s) || (s)->dev != current) FAIL(INVALID_HANDLE);
#define NOT_CAPTURED(s) if ((s)->capture) FAIL(CAPTURE_UNSUPPORTED);

/* ---- devices ---- */

static int from_environment(const char *name, int otherwise) {
    const char *value = getenv(name);
    return value ? atoi(value) : otherwise;
}

API code cuDriverGetVersion(int *version) {
    *version = from_environment("FAKE_CUDA_VERSION", 12040);
    return OK;
}
API code cuInit(unsigned flags) {
    BEGIN("cuInit")
    (void)flags;
    device_count = from_environment("FAKE_CUDA_DEVICES", MAX_DEVICES);
    for (int i = 0; i < MAX_DEVICES; i++) devices[i].id = i, devices[i].total = 1u << 30;
    if (!device_count) FAIL(NO_DEVICE);
    END
}
API code cuDeviceGetCount(int *count) { *count = device_count; return OK; }
API code cuDeviceGet(int *dev, int ordinal) {
    if (ordinal < 0 || ordinal >= device_count) return INVALID_DEVICE;
    *dev = ordinal;
    return OK;
}
API code cuDeviceGetName(char *name, int len, int dev) {
    snprintf(name, len, "Fake GPU %d", dev);
    return OK;
}
API code cuDeviceGetAttribute(int *value, int which, int dev) {
    (void)dev;
    switch (which) {
    case 1: *value = 1024; break;          /* threads of a block */
    case 10: *value = 32; break;           /* warp */
    case 16: *value = 132; break;          /* multiprocessors */
    case 38: *value = 50 << 20; break;     /* L2 */
    case 39: *value = 2048; break;         /* threads of a multiprocessor */
    case 75: *value = 9; break;
    case 76: *value = 0; break;
    case 97: *value = 227 << 10; break;    /* shared memory, by opting in */
    case 115: *value = 1; break;           /* pools */
    default: return INVALID_VALUE;
    }
    return OK;
}
API code cuDeviceTotalMem_v2(size_t *bytes, int dev) { *bytes = devices[dev].total; return OK; }
API code cuDeviceGetDefaultMemPool(void **pool, int dev) { *pool = &devices[dev]; return OK; }
API code cuDevicePrimaryCtxRetain(void **context, int dev) { *context = &devices[dev]; return OK; }
API code cuCtxSetCurrent(void *context) { current = context; return OK; }
API code cuCtxSynchronize(void) {
    BEGIN("cuCtxSynchronize")
    CONTEXT
    for (stream *s = streams; s; s = s->next)
        if (s->dev == current) run_to(s, s->given);
    result = current->sticky;
    END
}
API code cuGetErrorName(code code, const char **text) {
    switch (code) {
    case INVALID_VALUE: *text = "CUDA_ERROR_INVALID_VALUE"; break;
    case NO_MEMORY: *text = "CUDA_ERROR_OUT_OF_MEMORY"; break;
    case INVALID_PTX: *text = "CUDA_ERROR_INVALID_PTX"; break;
    case ILLEGAL_ADDRESS: *text = "CUDA_ERROR_ILLEGAL_ADDRESS"; break;
    case NOT_FOUND: *text = "CUDA_ERROR_NOT_FOUND"; break;
    default: *text = NULL; return INVALID_VALUE;
    }
    return OK;
}
API code cuGetErrorString(code code, const char **text) {
    switch (code) {
    case INVALID_VALUE: *text = "invalid argument"; break;
    case NO_MEMORY: *text = "out of memory"; break;
    case INVALID_PTX: *text = "a PTX JIT compilation failed"; break;
    case ILLEGAL_ADDRESS: *text = "an illegal memory access was encountered"; break;
    case NOT_FOUND: *text = "named symbol not found"; break;
    default: *text = NULL; return INVALID_VALUE;
    }
    return OK;
}

/* ---- memory ---- */

API code cuMemGetInfo_v2(size_t *free_bytes, size_t *total) {
    BEGIN("cuMemGetInfo")
    CONTEXT
    *total = current->total, *free_bytes = current->total - current->reserved;
    END
}
API code cuMemPoolSetAttribute(void *pool, int which, void *value) {
    (void)pool;
    return which == 4 && *(uint64_t *)value == UINT64_MAX ? OK : INVALID_VALUE;
}
API code cuMemPoolTrimTo(void *pool, size_t keep) {
    BEGIN("cuMemPoolTrimTo")
    CONTEXT
    if (keep) FAIL(INVALID_VALUE);
    for (block **at = &blocks; *at;) {
        block *b = *at;
        if (b->dev != pool || b->used) { at = &b->next; continue; }
        *at = b->next;
        b->dev->reserved -= b->size;
        free(b->at);
        free(b);
    }
    END
}
API code cuMemAllocFromPoolAsync(devptr *out, size_t size, void *pool, stream *s) {
    BEGIN("cuMemAllocFromPoolAsync")
    ON(s)
    if (pool != current) FAIL(INVALID_VALUE);
    NOT_CAPTURED(s)
    if (!size) FAIL(INVALID_VALUE);
    block *b = blocks;
    while (b && !(b->dev == current && !b->used && b->size == size)) b = b->next;
    if (!b) {
        if (current->reserved + size > current->total) FAIL(NO_MEMORY);
        b = calloc(1, sizeof *b);
        b->at = aligned_alloc(256, (size + 255) / 256 * 256), b->size = size, b->dev = current;
        current->reserved += size;
        b->next = blocks, blocks = b;
    }
    b->used = 1;
    *out = (devptr)b->at;
    give(s, ALLOC)->block = b;
    END
}
API code cuMemFreeAsync(devptr at, stream *s) {
    BEGIN("cuMemFreeAsync")
    ON(s)
    NOT_CAPTURED(s)
    block *b = blocks;
    while (b && (devptr)b->at != at) b = b->next;
    if (!b) FAIL(INVALID_VALUE);
    give(s, FREE)->block = b;
    END
}
API code cuMemAllocHost_v2(void **out, size_t size) {
    BEGIN("cuMemAllocHost")
    CONTEXT
    pinned *p = calloc(1, sizeof *p);
    p->at = *out = malloc(size), p->size = size, p->next = pins, pins = p;
    END
}
API code cuMemFreeHost(void *at) {
    BEGIN("cuMemFreeHost")
    CONTEXT
    pinned **p = &pins;
    while (*p && (*p)->at != at) p = &(*p)->next;
    if (!*p) FAIL(INVALID_VALUE);
    *p = (*p)->next;
    free(at);
    END
}
API code cuMemcpyHtoDAsync_v2(devptr to, const void *from, size_t len, stream *s) {
    BEGIN("cuMemcpyHtoDAsync")
    ON(s)
    NOT_CAPTURED(s)
    op *o = give(s, COPY);
    o->to = to, o->from = (devptr)from, o->len = len, o->from_host = 1;
    if (!is_pinned(from)) o->staged = memcpy(malloc(len), from, len);
    END
}
API code cuMemcpyDtoHAsync_v2(void *to, devptr from, size_t len, stream *s) {
    BEGIN("cuMemcpyDtoHAsync")
    ON(s)
    NOT_CAPTURED(s)
    op *o = give(s, COPY);
    o->to = (devptr)to, o->from = from, o->len = len, o->to_host = 1;
    if (!is_pinned(to)) run_to(s, s->given), result = current->sticky;
    END
}
API code cuMemcpyDtoDAsync_v2(devptr to, devptr from, size_t len, stream *s) {
    BEGIN("cuMemcpyDtoDAsync")
    ON(s)
    NOT_CAPTURED(s)
    op *o = give(s, COPY);
    o->to = to, o->from = from, o->len = len;
    END
}
API code cuMemsetD8Async(devptr to, unsigned char value, size_t len, stream *s) {
    BEGIN("cuMemsetD8Async")
    ON(s)
    NOT_CAPTURED(s)
    op *o = give(s, FILL);
    o->to = to, o->from = value, o->len = len;
    END
}
API code cuMemcpyPeerAsync(devptr to, device *to_dev, devptr from, device *from_dev, size_t len, stream *s) {
    BEGIN("cuMemcpyPeerAsync")
    ON(s)
    NOT_CAPTURED(s)
    if (to_dev == from_dev || (to_dev != current && from_dev != current)) FAIL(INVALID_VALUE);
    op *o = give(s, COPY);
    o->to = to, o->from = from, o->len = len;
    END
}

/* ---- streams and events ---- */

API code cuStreamCreate(stream **out, unsigned flags) {
    BEGIN("cuStreamCreate")
    CONTEXT
    if (flags != 1) FAIL(INVALID_VALUE);
    stream *s = calloc(1, sizeof *s);
    s->dev = current, s->tail = &s->head, s->next = streams, streams = s;
    *out = s;
    END
}
API code cuStreamDestroy_v2(stream *s) {
    BEGIN("cuStreamDestroy")
    ON(s)
    END
}
API code cuStreamSynchronize(stream *s) {
    BEGIN("cuStreamSynchronize")
    ON(s)
    NOT_CAPTURED(s)
    run_to(s, s->given);
    result = current->sticky;
    END
}
API code cuStreamQuery(stream *s) {
    BEGIN("cuStreamQuery")
    ON(s)
    NOT_CAPTURED(s)
    run_one(s);
    result = current->sticky ? current->sticky : s->head ? NOT_READY : OK;
    END
}
API code cuStreamWaitEvent(stream *s, event *e, unsigned flags) {
    BEGIN("cuStreamWaitEvent")
    ON(s)
    NOT_CAPTURED(s)
    if (flags) FAIL(INVALID_VALUE);
    give(s, WAIT)->event = e;
    END
}
API code cuEventCreate(event **out, unsigned flags) {
    BEGIN("cuEventCreate")
    CONTEXT
    *out = calloc(1, sizeof **out);
    (*out)->dev = current, (*out)->timed = !(flags & 2);
    END
}
API code cuEventRecord(event *e, stream *s) {
    BEGIN("cuEventRecord")
    ON(s)
    NOT_CAPTURED(s)
    if (e->dev != current) FAIL(INVALID_HANDLE);
    op *o = give(s, RECORD);
    o->event = e, e->on = s, e->at = o->number, e->recorded = 1, e->done = 0;
    END
}
API code cuEventQuery(event *e) {
    BEGIN("cuEventQuery")
    CONTEXT
    if (e->recorded && !e->done) run_one(e->on);
    result = current->sticky ? current->sticky : e->recorded && !e->done ? NOT_READY : OK;
    END
}
API code cuEventSynchronize(event *e) {
    BEGIN("cuEventSynchronize")
    CONTEXT
    if (e->recorded && !e->done) run_to(e->on, e->at);
    result = current->sticky;
    END
}
API code cuEventElapsedTime(float *ms, event *from, event *to) {
    BEGIN("cuEventElapsedTime")
    CONTEXT
    if (!from->timed || !to->timed) FAIL(INVALID_HANDLE);
    if (!from->done || !to->done) FAIL(NOT_READY);
    *ms = to->ms - from->ms;
    END
}
API code cuEventDestroy_v2(event *e) { (void)e; return OK; }

/* ---- code ---- */

/* The functions of a text: `.entry NAME ( .param ... [N], ... )`. */
static module *parse(const char *text) {
    module *m = calloc(1, sizeof *m);
    for (const char *at = text; (at = strstr(at, ".entry "));) {
        function *f = calloc(1, sizeof *f);
        int used = 0;
        sscanf(at += 7, "%63[A-Za-z0-9_] %n", f->name, &used);
        const char *end = strchr(at, ')');
        f->dynamic = 48 << 10;
        for (const char *p = at + used; end && (p = strstr(p, ".param")) && p < end; p++) {
            const char *bracket = strchr(p, '['), *next = strpbrk(p, ",)"), *type = p;
            int bits = 0; /* of the first `.u32`, `.f64`, ... */
            while (!bits && (type = strchr(type + 1, '.')) && type < next) sscanf(type, ".%*1[usfb]%d", &bits);
            size_t count = bracket && bracket < next ? strtoul(bracket + 1, NULL, 10) : 1;
            f->sizes[f->count++] = count * bits / 8;
        }
        f->next = m->functions, m->functions = f;
    }
    return m;
}

/* Texts with the word `mistake` are refused, with its line in the log. */
static code assemble(const char *text, unsigned count, const int *options, void **values) {
    const char *mistake = strstr(text, "mistake");
    if (!mistake) return OK;
    int line = 1;
    for (const char *p = text; p < mistake; p++) line += *p == '\n';
    char *log = NULL;
    size_t room = 0;
    for (unsigned i = 0; i < count; i++) {
        if (options[i] == 5) log = values[i];
        if (options[i] == 6) room = (size_t)values[i];
    }
    if (log) snprintf(log, room, "ptxas application ptx input, line %d; error   : Parsing error near 'mistake'", line);
    return INVALID_PTX;
}

typedef struct { unsigned count; int *options; void **values; char *image; size_t size; } link_state;

API code cuLinkCreate_v2(unsigned count, int *options, void **values, link_state **out) {
    BEGIN("cuLinkCreate")
    CONTEXT
    *out = calloc(1, sizeof **out);
    **out = (link_state){count, options, values, NULL, 0};
    END
}
API code cuLinkAddData_v2(link_state *l, int type, void *data, size_t size, const char *name, unsigned count,
                          int *options, void **values) {
    BEGIN("cuLinkAddData")
    CONTEXT
    (void)options, (void)values;
    if (type != 1 || !name || count || strlen(data) != size) FAIL(INVALID_VALUE);
    if ((result = assemble(data, l->count, l->options, l->values))) goto out;
    l->image = calloc(1, l->size = 64 + size + 1);
    memcpy(l->image, "\x7f" "ELF\2", 5);
    memcpy(l->image + 64, data, size);
    END
}
API code cuLinkComplete(link_state *l, void **image, size_t *size) {
    BEGIN("cuLinkComplete")
    CONTEXT
    *image = l->image, *size = l->size;
    END
}
API code cuLinkDestroy(link_state *l) { free(l->image); free(l); return OK; }
API code cuModuleLoadDataEx(module **out, const char *image, unsigned count, int *options, void **values) {
    BEGIN("cuModuleLoadDataEx")
    CONTEXT
    int is_elf = !memcmp(image, "\x7f" "ELF", 4);
    if (!is_elf && (result = assemble(image, count, options, values))) goto out;
    *out = parse(is_elf ? image + 64 : image);
    END
}
API code cuModuleUnload(module *m) {
    BEGIN("cuModuleUnload")
    CONTEXT
    for (function *f = m->functions; f; f = f->next) f->unloaded = 1;
    END
}
API code cuModuleGetFunction(function **out, module *m, const char *name) {
    BEGIN("cuModuleGetFunction")
    CONTEXT
    function *f = m->functions;
    while (f && strcmp(f->name, name)) f = f->next;
    if (!f) FAIL(NOT_FOUND);
    *out = f;
    END
}
API code cuFuncGetAttribute(int *value, int which, function *f) {
    int values[] = {1024, 0, 0, strstr(f->name, "spill") ? 16 : 0, 32, 80, 90, 0, f->dynamic};
    if (which < 0 || which > 8) return INVALID_VALUE;
    *value = values[which];
    return OK;
}
API code cuFuncSetAttribute(function *f, int which, int value) {
    if (which != 8 || value > 227 << 10) return INVALID_VALUE;
    f->dynamic = value;
    return OK;
}
API code cuFuncGetParamInfo(function *f, size_t which, size_t *offset, size_t *size) {
    if (which >= (size_t)f->count) return INVALID_VALUE;
    *offset = which * 8, *size = f->sizes[which];
    return OK;
}
API code cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, function *f, int threads, size_t shared) {
    (void)f;
    int by_shared = shared ? (int)((228 << 10) / (shared + 1024)) : 32, by_threads = 2048 / threads;
    *blocks = by_shared < by_threads ? by_shared : by_threads;
    return OK;
}
API code cuOccupancyMaxPotentialBlockSize(int *blocks, int *threads, function *f, void *size, size_t shared, int limit) {
    BEGIN("cuOccupancyMaxPotentialBlockSize")
    CONTEXT
    if (!f || size || limit) FAIL(INVALID_VALUE);
    *threads = shared ? 256 : 768, *blocks = 132 * 2;
    END
}

/* Each parameter begins a word. */
static launch make_launch(function *f, const uint32_t *grid, const uint32_t *block, uint32_t shared, void **parameters) {
    launch l = {f, {grid[0], grid[1], grid[2]}, {block[0], block[1], block[2]}, shared, 0, {0}};
    for (int i = 0; i < f->count && l.words + f->sizes[i] / 8 <= WORDS; i++) {
        memcpy(l.word + l.words, parameters[i], f->sizes[i]);
        l.words += (f->sizes[i] + 7) / 8;
    }
    return l;
}

API code cuLaunchKernel(function *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, stream *s, void **parameters, void **extra) {
    BEGIN("cuLaunchKernel")
    ON(s)
    if (!gx || !gy || !gz || gy > 65535 || gz > 65535 || !bx || !by || !bz || bz > 64 || extra ||
        (uint64_t)bx * by * bz > 1024)
        FAIL(INVALID_VALUE);
    launch l = make_launch(f, (uint32_t[]){gx, gy, gz}, (uint32_t[]){bx, by, bz}, shared, parameters);
    if (s->capture) s->capture->nodes[s->capture->count++] = memcpy(malloc(sizeof l), &l, sizeof l);
    else give(s, KERNEL)->launch = l;
    END
}

/* ---- graphs: nodes are the addresses of their launches, and an executable is the graph itself ---- */

API code cuStreamBeginCapture_v2(stream *s, int mode) {
    BEGIN("cuStreamBeginCapture")
    ON(s)
    if (mode != 1 || s->capture) FAIL(INVALID_VALUE);
    s->capture = calloc(1, sizeof *s->capture);
    END
}
API code cuStreamEndCapture(stream *s, graph **out) {
    BEGIN("cuStreamEndCapture")
    ON(s)
    *out = s->capture, s->capture = NULL;
    END
}
API code cuStreamGetCaptureInfo_v2(stream *s, int *status, uint64_t *id, graph **g, launch ***nodes, size_t *count) {
    BEGIN("cuStreamGetCaptureInfo")
    ON(s)
    *status = 1, *id = 1, *g = s->capture, *count = s->capture->count > 0;
    *nodes = &s->capture->nodes[s->capture->count - 1];
    END
}
API code cuGraphInstantiateWithFlags(graph **out, graph *g, unsigned long long flags) {
    BEGIN("cuGraphInstantiate")
    CONTEXT
    if (flags) FAIL(INVALID_VALUE);
    *out = g;
    END
}
typedef struct { function *fn; uint32_t grid[3], block[3], shared; void **parameters, **extra; void *kern, *ctx; } node_parameters;
API code cuGraphExecKernelNodeSetParams_v2(graph *g, launch *node, const node_parameters *p) {
    BEGIN("cuGraphExecKernelNodeSetParams")
    CONTEXT
    result = INVALID_VALUE;
    for (int i = 0; i < g->count; i++)
        if (g->nodes[i] == node) *node = make_launch(p->fn, p->grid, p->block, p->shared, p->parameters), result = OK;
    END
}
API code cuGraphLaunch(graph *g, stream *s) {
    BEGIN("cuGraphLaunch")
    ON(s)
    NOT_CAPTURED(s)
    for (int i = 0; i < g->count; i++) give(s, KERNEL)->launch = *g->nodes[i];
    END
}
API code cuGraphExecDestroy(graph *g) { (void)g; return OK; }
API code cuGraphDestroy(graph *g) { (void)g; return OK; }
