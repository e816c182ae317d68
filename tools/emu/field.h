#ifndef TOOLS_EMU_FIELD_H
#define TOOLS_EMU_FIELD_H

#include <stdint.h>

/*
 * How well a phone couples to a reader's antenna, from where it lies; pure. The antenna is a dipole that stands
 * off the reader's face by its radius, the phone's is tilted against it about the y axis: so the good places lie
 * to one side, and a map of them is not round.
 *
 * 1 is the best place of an untilted phone. From FIELD_GOOD on nothing is lost; below FIELD_POWER the phone has no
 * power; between them frames are lost, the more the weaker it is.
 * Source: field of a magnetic dipole; the two limits are plausible, not measured.
 */
#define FIELD_GOOD 0.50
#define FIELD_POWER 0.35
#define FIELD_MOST_LOST 0.5

struct field_place {
	double x_mm, y_mm, z_mm; /* from the middle of the face; z off it */
};

double field_coupling(const struct field_place *at, double radius_mm, double tilt_deg);
/** The share of frames that are lost, either way; 1 without power. */
double field_loss(double coupling);

#endif
