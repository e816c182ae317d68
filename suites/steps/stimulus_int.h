#ifndef SUITES_STEPS_STIMULUS_INT_H
#define SUITES_STEPS_STIMULUS_INT_H

#include "suites/steps/stimulus.h"

/*
 * A stimulus from within: stimulus_bind.c reads it, stimulus_alter.c applies it, stimulus.c sends and judges it.
 */
enum point_form {
	POINT_OFF_CURVE,
	POINT_INFINITY, /* one byte 00 */
	POINT_ZEROS,    /* 04 and zeros */
	POINT_ODD,      /* its first byte 03 */
	POINT_EVEN,     /* 02 */
	POINT_HYBRID,   /* 06 or 07, as some take it */
	POINT_COMPRESSED,
	POINT_BARE,      /* without its first byte */
	POINT_OVER_FIELD /* on the curve, were X reduced */
};
extern const char *const point_forms[];

enum signature_form {
	SIGNATURE_R_ZERO,
	SIGNATURE_S_ZERO,
	SIGNATURE_ZERO,
	SIGNATURE_R_ORDER, /* the order of the curve's group */
	SIGNATURE_S_ORDER,
	SIGNATURE_S_OVER,  /* all ones */
	SIGNATURE_FOREIGN, /* right, but for whose key it is */
	SIGNATURE_DER,
	SIGNATURE_SHORT /* its last byte is missing */
};
extern const char *const signature_forms[];

/** All names of status words, for a message. */
const char *status_names(void);

#endif
