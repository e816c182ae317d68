#ifndef DRIVERS_NFC_ABOUT_H
#define DRIVERS_NFC_ABOUT_H

#include <stddef.h>

/**
 * What this build has of libnfc: version, and the drivers compiled into the library that is really loaded. libnfc has no
 * call that lists them, so their names are looked for in its file.
 *
 * @param drivers  out: "pn53x_usb acr122_usb ...", "" when its file cannot be read
 * @return the version, or NULL in a build without libnfc
 */
const char *nfc_about(char *drivers, size_t size);

#endif
