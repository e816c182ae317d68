#ifndef TOOLS_CA_CA_H
#define TOOLS_CA_CA_H

#include "fixtures/pki/pki.h"

#include <argp.h>

/*
 * keybench-ca(1): a file a command. Each returns an exit status.
 */
int ca_make(int argc, char **argv);
int ca_issue(int argc, char **argv);
int ca_show(int argc, char **argv);
int ca_verify(int argc, char **argv);

#define CA_PATH 4096
#define CA_DEFAULT_PROFILE "dk-ccc-1.0"

/** Say an error as the controller does. @return the exit status of its code */
int ca_fail(const struct err *err);

/** A protocol profile by name or path; one without certificates is an error. Free with profile_free. */
int ca_profile(struct profile **out, const char *given, struct err *err);
/** DIR/NAME.SUFFIX */
int ca_path(char out[CA_PATH], const char *dir, const char *name, const char *suffix,
	    struct err *err);
/** DIR/NAME.pem and .der of a certificate, new files. */
int ca_write_cert(const char *dir, const char *name, struct bytes der, struct err *err);
/** DIR/NAME.key, for its owner alone. */
int ca_write_key(const char *dir, const char *name, EVP_PKEY *key, bool throwaway,
		 struct err *err);
/** A time of the command line, YYYYMMDDhhmmssZ; ends the program when it is none. */
int64_t ca_time(struct argp_state *state, const char *option, const char *arg);
/** Hex digits of the command line, at most @max bytes; ends the program when they are none. @return bytes */
size_t ca_hex(struct argp_state *state, const char *option, const char *arg, uint8_t *out,
	      size_t max);
/** A whole number from @min to @max; ends the program when it is none. */
int64_t ca_number(struct argp_state *state, const char *option, const char *arg,
		  int64_t min, int64_t max);

#endif
