#ifndef DRIVERS_NFC_MISFIT_H
#define DRIVERS_NFC_MISFIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Devices of which it is known that they cannot do what they are asked: refused by what they say they are, before anything
 * is tried that would only fail later, or hang.
 */

/** By the USB identity. @param as_card  to be a phone; else a reader @return why not, and what to take; NULL: nothing is known */
const char *misfit_usb(uint16_t vendor, uint16_t product, bool as_card);
/** By what the chip answered, "PN533 v2.7". */
const char *misfit_chip(const char *chip, bool as_card);

#endif
