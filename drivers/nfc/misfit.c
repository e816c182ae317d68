#include "drivers/nfc/misfit.h"

#include <stddef.h>
#include <string.h>

#define TAKE_PN532 "; take a PN532 on a serial line"
#define ACR122_CARD "an ACR122U ends target mode by itself after about 2 s" TAKE_PN532

/*
 * Source: the drivers in libnfc 1.8.0 (pn53x_usb.c, acr122_usb.c; what chips/pn53x.c refuses in target mode), its issues 203
 * and 664; USB numbers as published by the makers and in the kernel's port100.c.
 */
static const struct {
	uint16_t vendor, product;
	bool reader, card; /* what it cannot be */
	const char *why;
} by_usb[] = {
	{ 0x054c, 0x06c1, true, true,
	  "a Sony RC-S380 has a chip that libnfc has no driver for" TAKE_PN532 },
	{ 0x054c, 0x06c3, true, true,
	  "a Sony RC-S380 has a chip that libnfc has no driver for" TAKE_PN532 },
	{ 0x072f, 0x223b, true, true,
	  "an ACR1252U has no PN53x that libnfc could reach" TAKE_PN532 },
	{ 0x072f, 0x2200, false, true, ACR122_CARD },
	{ 0x072f, 0x90cc, false, true, ACR122_CARD },
	{ 0x072f, 0x2214, false, true, ACR122_CARD },
};

static const struct {
	const char *begins;
	const char *why;
} no_cards[] = {
	{ "PN533", "libnfc has no ISO/IEC 14443-4 target mode for a PN533" TAKE_PN532 },
};

const char *misfit_usb(uint16_t vendor, uint16_t product, bool as_card)
{
	for (size_t i = 0; i < sizeof(by_usb) / sizeof(by_usb[0]); i++)
		if (by_usb[i].vendor == vendor && by_usb[i].product == product &&
		    (as_card ? by_usb[i].card : by_usb[i].reader))
			return by_usb[i].why;
	return NULL;
}

const char *misfit_chip(const char *chip, bool as_card)
{
	for (size_t i = 0; as_card && i < sizeof(no_cards) / sizeof(no_cards[0]); i++)
		if (strncmp(chip, no_cards[i].begins, strlen(no_cards[i].begins)) == 0)
			return no_cards[i].why;
	return NULL;
}
