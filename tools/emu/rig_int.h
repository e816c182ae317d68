#ifndef TOOLS_EMU_RIG_INT_H
#define TOOLS_EMU_RIG_INT_H

#include "tools/emu/rig.h"

#include "bench/core/clock.h"

/*
 * Inside the reading of a rig: rig.c is its frame, the boards, the buses and what moves;
 * rig_chip.c, rig_module.c and rig_faults.c read what they are named after.
 */

/* A row for the pause of a reader front end, at offset @at. */
#define RIG_GAP(at) \
	{ \
		"gap", CONF_TIME, at, "150 us", \
			"its own pause between a card's frame and its next step", 86430, \
			100 * NS_PER_MS, NULL \
	}

/* Rows for a device on USB, at offsets of its two times. */
#define RIG_PLUG_ITEMS(every, away) \
	{ "unplugged_every", \
	  CONF_TIME, \
	  every, \
	  "0", \
	  "on USB: how often it is unplugged, on average and by the seed; 0: never", \
	  0, \
	  3600 * NS_PER_S, \
	  NULL }, \
	{ \
		"away", CONF_TIME, away, "1 s", "on USB: and for how long", NS_PER_MS, \
			600 * NS_PER_S, NULL \
	}
/** Refuse them for a device that is not on USB. */
int rig_check_plug(const struct rig_plug *plug, struct node map, struct err *err);

/** The device at @key, put behind those there are. */
int rig_add_chip(struct emu_rig *r, struct node key, struct node map, struct err *err);
int rig_add_module(struct emu_rig *r, struct node key, struct node map, struct err *err);

int rig_add_axis(struct emu_rig *r, struct node key, struct node map, struct err *err);

/** The axis that the phone names, -1 for none. */
int rig_find_axis(const struct emu_rig *r, struct node phone, int *axis, struct err *err);
/** The actuator that the phone names. */
int rig_read_actuator(struct emu_rig *r, struct node map, struct err *err);
/** The board input that is active while the phone is at the reader. */
int rig_read_sensor(struct emu_rig *r, struct node map, struct err *err);

/** What a module is wired to, once all boards and buses are known. */
int rig_wire_module(const struct emu_rig *r, struct rig_module *m, struct node map,
		    struct err *err);
/** The faults, once all chips are known. */
int rig_read_faults(struct emu_rig *r, struct node list, struct err *err);

/** "0x40": a byte of at least @min. */
int rig_read_byte(struct node value, const char *key, long min, uint8_t *out,
		  struct err *err);
/**
 * The board (-1: there is none, and none was named) and channel that somebody names in
 * @map.
 */
int rig_find_channel(const struct emu_rig *r, struct node map, const char *relay,
		     int64_t channel, int *board, struct err *err);

#endif
