#include "drivers/can/uds_server.h"

#include "drivers/can/uds.h"

#include <stdlib.h>
#include <string.h>

#define SESSION 0x10
#define READ 0x22
#define ROUTINE 0x31
#define PRESENT 0x3e
#define NEGATIVE 0x7f
#define POSITIVE 0x40

#define NO_SERVICE 0x11
#define NO_SUB_FUNCTION 0x12
#define WRONG_LENGTH 0x13
#define OUT_OF_RANGE 0x31
#define PENDING 0x78
#define NOT_IN_SESSION 0x7f

#define DEFAULT 1
#define EXTENDED 3
#define SILENT 0x80 /* of a sub-function: no positive answer is wanted */
#define SELF_TEST 0x0203
#define S3_NS 5000000000

static void refuse(struct buf *out, uint8_t service, uint8_t code)
{
	buf_clear(out);
	buf_u8(out, NEGATIVE);
	buf_u8(out, service);
	buf_u8(out, code);
}

static void change_session(struct uds_server *s, struct bytes request, struct buf *out)
{
	/* P2 50 ms, P2* 5 s, as the standard writes them */
	static const uint8_t times[] = { 0x00, 0x32, 0x01, 0xf4 };
	uint8_t wanted = request.len == 2 ? request.data[1] & ~SILENT : 0;

	if (request.len != 2) {
		refuse(out, SESSION, WRONG_LENGTH);
		return;
	}
	if (wanted != DEFAULT && wanted != EXTENDED) {
		refuse(out, SESSION, NO_SUB_FUNCTION);
		return;
	}
	s->session = wanted;
	if (request.data[1] & SILENT)
		return;
	buf_u8(out, SESSION | POSITIVE);
	buf_u8(out, wanted);
	buf_add(out, BYTES_OF(times));
}

static void be_told_of_tester(struct bytes request, struct buf *out)
{
	if (request.len != 2)
		refuse(out, PRESENT, WRONG_LENGTH);
	else if (request.data[1] & ~SILENT)
		refuse(out, PRESENT, NO_SUB_FUNCTION);
	else if (!(request.data[1] & SILENT))
		buf_add(out, BYTES((const uint8_t *)"\x7e\x00", 2));
}

static const char *text_of(uint16_t id)
{
	static const struct {
		uint16_t id;
		const char *text;
	} texts[] = {
		{ 0xf18c, "EMU-0001" },
		{ 0xf191, "emulated vehicle module" },
		{ 0xf189, VERSION },
		{ 0xf190, "KEYBENCHEMU000001" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].id == id)
			return texts[i].text;
	return NULL;
}

static void read_identifier(const struct uds_server *s, struct bytes request,
			    struct buf *out)
{
	struct cursor c = cursor_at(request);
	uint16_t id;

	cursor_u8(&c);
	id = cursor_be16(&c);
	if (!cursor_done(&c)) {
		refuse(out, READ, WRONG_LENGTH);
		return;
	}
	if (id != 0xf186 && !text_of(id)) {
		refuse(out, READ, OUT_OF_RANGE);
		return;
	}
	buf_u8(out, READ | POSITIVE);
	buf_be16(out, id);
	if (id == 0xf186)
		buf_u8(out, s->session);
	else
		buf_text(out, text_of(id));
}

static int64_t run_routine(const struct uds_server *s, struct bytes request,
			   struct buf *out)
{
	struct cursor c = cursor_at(request);
	uint8_t what;
	uint16_t id;

	cursor_u8(&c);
	what = cursor_u8(&c);
	id = cursor_be16(&c);
	if (!cursor_done(&c))
		refuse(out, ROUTINE, WRONG_LENGTH);
	else if (s->session != EXTENDED)
		refuse(out, ROUTINE, NOT_IN_SESSION);
	else if (what != 1)
		refuse(out, ROUTINE, NO_SUB_FUNCTION);
	else if (id != SELF_TEST)
		refuse(out, ROUTINE, OUT_OF_RANGE);
	if (out->len)
		return 0;
	buf_add(out, BYTES((const uint8_t *)"\x71\x01\x02\x03\x00", 5));
	return UDS_ROUTINE_NS;
}

int64_t uds_server_answer(struct uds_server *s, struct bytes request, int64_t now_ns,
			  struct buf *out)
{
	if (!s->session || now_ns - s->heard_ns > S3_NS)
		s->session = DEFAULT;
	s->heard_ns = now_ns;
	if (!request.len)
		return 0;
	switch (request.data[0]) {
	case SESSION:
		change_session(s, request, out);
		return 0;
	case PRESENT:
		be_told_of_tester(request, out);
		return 0;
	case READ:
		read_identifier(s, request, out);
		return 0;
	case ROUTINE:
		return run_routine(s, request, out);
	default:
		refuse(out, request.data[0], NO_SERVICE);
		return 0;
	}
}

/* -- on a bus -- */

struct uds_node {
	struct canbus *bus;
	int node;
	bool waiting; /* a frame of ours is queued: its echo asks for the next */
	struct tp tp;
	struct uds_server server;
	uint8_t later_room[UDS_ANSWER_MAX];
	struct buf later; /* the answer behind one that it takes longer */
	int64_t later_ns;
	uds_node_fn *asked;
	void *ctx;
};

/* Queue what is next, for its time: the bus holds it until then, so no clock is needed. */
static void push(struct uds_node *n, int64_t now_ns)
{
	struct canframe f;
	int64_t at = now_ns, wake;

	if (n->waiting)
		return;
	if (tp_idle(&n->tp) && n->later.len) {
		tp_send(&n->tp, buf_bytes(&n->later), n->later_ns);
		buf_clear(&n->later);
	}
	if (n->tp.owed < 0 && !tp_idle(&n->tp) && n->tp.due_ns > at)
		at = n->tp.due_ns;
	if (tp_next(&n->tp, &f, at, &wake))
		n->waiting = canbus_send(n->bus, n->node, &f, at) == 0;
}

static void answer(struct uds_node *n, struct bytes request, int64_t at_ns)
{
	uint8_t room[UDS_ANSWER_MAX];
	struct buf out = BUF_ON(room);
	int64_t takes = uds_server_answer(&n->server, request, at_ns, &out);
	bool answered = out.len > 0;

	if (takes) {
		buf_clear(&n->later);
		buf_add(&n->later, buf_bytes(&out));
		n->later_ns = at_ns + takes;
		refuse(&out, request.data[0], PENDING);
	}
	/* who asks before the answer to the last one was out gets none */
	if (answered && tp_send(&n->tp, buf_bytes(&out), at_ns))
		answered = false;
	if (n->asked)
		n->asked(n->ctx, at_ns, answered);
}

static void hear(void *ctx, const struct canbus_heard *h)
{
	struct uds_node *n = ctx;
	struct bytes request;
	int64_t began;

	if (h->own) {
		n->waiting = false;
		tp_sent(&n->tp, h->end_ns);
	} else {
		tp_frame(&n->tp, &h->frame, h->end_ns);
		if (tp_take(&n->tp, &request, &began))
			answer(n, request, h->end_ns);
	}
	push(n, h->end_ns);
}

int uds_node_new(struct uds_node **out, struct canbus *bus, const struct tp_options *o,
		 uds_node_fn *asked, void *ctx, struct err *err)
{
	struct uds_node *n = calloc(1, sizeof(*n));

	if (!n)
		return err_set(err, ERR_NOMEM, "diagnostics");
	n->bus = bus;
	n->asked = asked;
	n->ctx = ctx;
	buf_init_on(&n->later, n->later_room, sizeof(n->later_room));
	tp_init(&n->tp, o);
	n->node = canbus_attach(bus, hear, n);
	if (n->node < 0) {
		free(n);
		return err_set(err, ERR_RANGE, "no room on the bus for diagnostics");
	}
	*out = n;
	return 0;
}

void uds_node_free(struct uds_node *n)
{
	if (!n)
		return;
	canbus_detach(n->bus, n->node);
	free(n);
}
