#ifndef TOOLS_EMU_CHIP_INT_H
#define TOOLS_EMU_CHIP_INT_H

#include "tools/emu/card.h"
#include "tools/emu/chip.h"
#include "tools/emu/dep.h"
#include "tools/emu/inbox.h"

#include "bench/core/rng.h"
#include "bench/core/wire/isodep.h"
#include "bench/core/wire/pn53x.h"

/*
 * Inside the PN532: chip.c is its front (frames, ACK, power), chip_command.c the commands that
 * need no air, chip_poll.c the activation of cards, chip_exchange.c what goes on with one,
 * chip_target.c the chip as a card itself; chip_ciu.c the air by registers; chip_dep.c and chip_dep_target.c are both sides of peer-to-peer.
 */
enum chip_power {
	CHIP_LOW_VBAT, /* after power-up */
	CHIP_AWAKE,
	CHIP_DOWN /* after PowerDown */
};

enum chip_code {
	CHIP_DIAGNOSE = 0x00,
	CHIP_READ = 0x06,
	CHIP_WRITE = 0x08,
	CHIP_EXCHANGE = 0x40,
	CHIP_DESELECT = 0x44,
	CHIP_ATR = 0x50,
	CHIP_SET_DATA = 0x8E
};

enum chip_status {
	STATUS_OK = 0x00,
	STATUS_TIMEOUT = 0x01,
	STATUS_CRC = 0x02,
	STATUS_PROTOCOL = 0x0B,
	STATUS_FORMAT = 0x13, /* of NFCIP-1 */
	STATUS_OVERFLOW = 0x0E,
	STATUS_PARAMETER = 0x10,
	STATUS_CONTEXT = 0x27,
	STATUS_RELEASED = 0x29,
	STATUS_MORE = 0x40
};

#define CHIP_REGISTERS 0x10000
#define REG_TX_MODE 0x6302
#define REG_RX_MODE 0x6303
#define REG_TX_AUTO 0x6305
#define REG_CONTROL 0x633C
#define REG_BIT_FRAMING 0x633D
#define PARAM_AUTO_ATR 0x04
#define PARAM_AUTO_RATS 0x10
#define PARAM_BARE 0x40   /* frames without preamble and postamble */
#define PARAM_PICC 0x20   /* answers RATS and speaks ISO-DEP by itself */
#define CHIP_MAX_DATA 262 /* of one response, behind its status */
#define CHIP_FIFO 64      /* bytes, of the contactless unit */
#define CHIP_RETRIES 2    /* R(NAK) for a lost block */
#define CHIP_FSD 64       /* what the firmware's own RATS says: E0 50 */

struct chip_target {
	bool present, active; /* selected; not deselected since */
	bool layer4;
	uint8_t sens_res[2], sak; /* high byte first */
	uint8_t uid[10], uid_len;
	uint8_t ats[64], ats_len; /* TL first */
	int64_t fwt_ns, ready_ns;
	int up_d, down_d; /* card to reader, reader to card */
	struct isodep_pcd dep;
	bool peer; /* ATR_RES is in: it speaks NFCIP-1 */
	bool nfcip_frames;
	struct dep nfcip;
};

/* What the host waits for while the chip is a card. */
enum chip_waiting {
	WAIT_NOTHING,
	WAIT_ACTIVATION, /* TgInitAsTarget */
	WAIT_COMMAND,    /* TgGetData, TgGetInitiatorCommand */
	WAIT_SAID        /* TgSetData, TgResponseToInitiator */
};

enum chip_role_state { /* as TgGetTargetStatus says it */
	ROLE_RELEASED,
	ROLE_ACTIVATED,
	ROLE_DESELECTED
};

struct chip_role {
	struct applet applet; /* first: peers are cast back */
	struct card card;
	enum chip_waiting waiting;
	enum chip_role_state state;
	/* peer-to-peer */
	uint8_t mode;       /* of TgInitAsTarget */
	uint8_t felica[18]; /* NFCID2, PAD, system code */
	uint8_t nfcid3[10];
	bool peer;     /* in a session of NFCIP-1 */
	bool owes_atr; /* until the host has given its general bytes */
	bool nfcip_frames;
	int d, next_d; /* rate, and that after the answer on its way */
	struct dep nfcip;
	struct timer more;
	uint8_t message[264]; /* the host's, until it is on the air */
	size_t message_len;
	bool more_follows, said_early; /* it waits until more time is granted */
	bool polled;                   /* SENSF_REQ was answered */
	bool raw;                      /* frames go to the host as they are */
	bool released; /* the reader let go, and the host was not told yet */
	bool unread;   /* .command waits for the host */
	struct buf command;
	uint8_t command_mem[ISODEP_MAX_COMMAND];
	size_t given; /* of .command, to the host */
	uint8_t general[48];
	size_t general_len;
};

/* The contactless unit, driven by its registers. */
struct chip_ciu {
	bool busy; /* its frame is on the air, whatever the chip does */
	uint8_t fifo[CHIP_FIFO];
	size_t fifo_len;
	int64_t sent_ns; /* the frame's end */
	uint16_t counter;
};

struct chip {
	struct world *world;
	struct line *line;
	struct air *air;
	struct chip_options options;
	struct rng rng;
	enum chip_power power;
	struct pn53x_parser parser;
	int64_t last_byte_ns;
	struct inbox inbox;
	struct timer begin, pause, sleep, late;
	bool running;
	uint8_t command[PN53X_MAX_LEN]; /* code first */
	size_t command_len;
	uint8_t last[PN53X_MAX_FRAME]; /* the last response, for a NACK */
	size_t last_len;
	struct buf reply; /* the response being made, its code first */
	uint8_t reply_mem[PN53X_MAX_LEN];
	uint8_t *registers;
	uint8_t parameters, gpio[3];
	uint8_t max_retries[3]; /* ATR, PSL, passive activation */
	uint8_t retries_com; /* of a frame that nobody answered; not of an ISO-DEP block */
	bool bare;           /* as PARAM_BARE was when the command came */
	uint8_t timing[2];   /* codes: ATR_RES, retry */
	int64_t new_baud;
	struct chip_target target;
	struct chip_role role;
	struct chip_ciu ciu;
	struct chip_knobs knobs;
	struct rng work_rng;
	/* planted faults */
	struct fault_plan plan;
	int64_t exchanges, commands;
	int64_t blocks; /* of this exchange */
	const struct fault *fault;
	bool silent;
	int64_t silent_left; /* 0: until woken up */
	/* what is going on on the air */
	void (*air_next)(struct chip *c, const struct air_frame *answer);
	void (*pause_next)(struct chip *c);
	struct {
		int tries; /* left; -1 without end */
		int level;
		bool halted;
		void (*done)(struct chip *c, bool found);
		uint8_t want[10]; /* only this UID, when want_len */
		size_t want_len;
		int rounds; /* of InAutoPoll */
		bool peer; /* whoever is found is asked for its attributes, not for its ATS */
	} poll;
	struct {
		bool active, tell_tg;
		int d, tries;       /* -1: without end */
		uint8_t request[5]; /* SENSF_REQ, without its code */
		uint8_t nfcid3[10], general[48];
		size_t general_len;
		bool has_nfcid3;
	} jump;
	uint8_t chained[CHIP_MAX_DATA]; /* the command on its way to the card */
	size_t chained_len;
	struct buf answer; /* from the card, given to the host part by part */
	uint8_t answer_mem[ISODEP_MAX_COMMAND];
	size_t answer_at;
	bool bad_crc;
	struct air_frame raw_frame; /* on its way, for a repetition */
	int raw_tries;
};

/** How a command handler leaves. */
enum chip_result {
	CHIP_REPLY,  /* .reply is complete */
	CHIP_LATER,  /* chip_finish will be called */
	CHIP_SYNTAX, /* wrong number of parameters: the error frame */
	CHIP_NONE    /* no response at all */
};

struct chip_command {
	uint8_t code;
	const char *name;
	size_t min, max; /* parameter bytes */
	enum chip_result (*run)(struct chip *c, struct bytes parameters);
};

/* chip.c */
/** The response in .reply is complete. */
void chip_finish(struct chip *c);
/** Just a status byte. */
void chip_finish_status(struct chip *c, uint8_t status);
/** Send a frame (CRC bytes included) and go on with @next. */
void chip_air(struct chip *c, const struct air_frame *f, int64_t wait_ns,
	      void (*next)(struct chip *c, const struct air_frame *answer));
void chip_pause(struct chip *c, int64_t until_ns, void (*next)(struct chip *c));
/** PowerDown: asleep a little after the response. */
void chip_go_to_sleep(struct chip *c);
void chip_defaults(struct chip *c);

/** Taken away, when that was planned for block @block (0: before the first). */
void chip_remove_at(struct chip *c, int64_t block);

/* chip_response.c */
/** How long it works at @code before anything happens, ns. */
int64_t chip_work_ns(struct chip *c, uint8_t code);
/** The response in .reply becomes .last, framed and damaged as the knobs and the fault say. */
void chip_frame_response(struct chip *c);
/** @frame as it goes over the line: bare, when the host wants it so. */
struct bytes chip_dress(const struct chip *c, struct bytes frame);
/** Send a frame in the pieces that the knobs say. */
void chip_send_pieces(struct chip *c, struct bytes frame);
/** Most data bytes of one response. */
size_t chip_chunk(const struct chip *c);

/* chip_command.c */
const struct chip_command *chip_command_find(uint8_t code);
/** ns of a timing code of RFConfiguration item 02; 0: none. */
int64_t chip_timing_ns(uint8_t code);

/* chip_poll.c */
enum chip_result chip_list(struct chip *c, struct bytes parameters);
enum chip_result chip_auto_poll(struct chip *c, struct bytes parameters);
enum chip_result chip_select(struct chip *c, struct bytes parameters);
/** Poll at 106 for a target that is asked for its attributes next; the UID wanted stands in .poll. */
void chip_find_peer(struct chip *c, void (*done)(struct chip *c, bool found));
/** No card is known any more. */
void chip_forget(struct chip *c);

/* chip_exchange.c */
enum chip_result chip_exchange(struct chip *c, struct bytes parameters);
enum chip_result chip_thru(struct chip *c, struct bytes parameters);
enum chip_result chip_deselect(struct chip *c, struct bytes parameters);
enum chip_result chip_release(struct chip *c, struct bytes parameters);
enum chip_result chip_psl(struct chip *c, struct bytes parameters);
enum chip_result chip_presence(struct chip *c);
/** At most a chunk of .answer; the host asks for the rest. */
void chip_give_answer(struct chip *c);

/* chip_target.c */
void chip_role_init(struct chip *c);
/** No card any more. */
void chip_role_end(struct chip *c);
enum chip_result chip_become_card(struct chip *c, struct bytes parameters);
enum chip_result chip_get_data(struct chip *c, struct bytes parameters);
enum chip_result chip_set_data(struct chip *c, struct bytes parameters);
enum chip_result chip_get_frame(struct chip *c, struct bytes parameters);
enum chip_result chip_set_frame(struct chip *c, struct bytes parameters);
enum chip_result chip_role_status(struct chip *c, struct bytes parameters);
enum chip_result chip_set_general(struct chip *c, struct bytes parameters);
enum chip_result chip_set_meta(struct chip *c, struct bytes parameters);

/* chip_ciu.c */
uint8_t chip_ciu_read(struct chip *c, uint16_t at);
void chip_ciu_write(struct chip *c, uint16_t at, uint8_t value);
void chip_ciu_stop(struct chip *c);

/* chip_dep.c */
enum chip_result chip_jump(struct chip *c, struct bytes parameters);
enum chip_result chip_atr(struct chip *c, struct bytes parameters);
/** The rest once .target.peer holds. */
void chip_peer_exchange(struct chip *c);
void chip_peer_attention(struct chip *c);
void chip_peer_psl(struct chip *c);
void chip_peer_end(struct chip *c, uint8_t how, void (*next)(struct chip *c));
/* A frame around @pdu as both sides send it: start byte, length, CRC. */
void chip_peer_frame(struct air_frame *f, struct bytes pdu, int d, bool nfcip);
/** The PDU in a frame, or an empty one: a wrong start byte, length or CRC. */
struct bytes chip_peer_pdu(const struct air_frame *f);

/* chip_dep_target.c */
/** A frame from the air, CRC included. @return false: it is not for a peer */
bool chip_peer_hears(struct chip *c, const struct air_frame *f);
/** The host's answer, or with @more a part of it. */
void chip_peer_says(struct chip *c, struct bytes message, bool more);
/** The host's general bytes are there, for an answer that waits for them. */
void chip_peer_general(struct chip *c);
void chip_peer_reset(struct chip *c);
/** Of .role.more: the host takes its time. */
void chip_peer_ask_time(void *ctx);
/* chip_target.c */
void chip_activated(struct chip *c, uint8_t mode, struct bytes frame);
/** The initiator's message is in .role.command. */
void chip_commanded(struct chip *c);
void chip_ended(struct chip *c, bool deselected);
void chip_said(struct chip *c);

/** S(DESELECT) to an active card, then @next, whatever comes back. */
void chip_put_to_halt(struct chip *c, void (*next)(struct chip *c));

#endif
