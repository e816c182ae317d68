#include "bench/cmd.h"
#include "bench/rig_init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct rig_args {
	const char *verb, *output, *name, *root;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write it there; an existing file is left alone", 0 },
	{ "name", 'n', "NAME", 0, "What the rig is called (default: HOST-PORT)", 0 },
	{ "root", 'R', "DIR", 0, "Look for devices below DIR (its /sys)", 0 },
	{ 0 },
};

/* It becomes a value in YAML. */
static bool is_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-_");

	return len > 0 && len < 64 && !text[len];
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct rig_args *a = state->input;

	switch (key) {
	case 'o':
		a->output = arg;
		return 0;
	case 'R':
		a->root = strcmp(arg, "/") == 0 ? "" : arg;
		return 0;
	case 'n':
		if (!is_name(arg))
			argp_error(state, "--name: letters, digits, - and _ are allowed");
		a->name = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->verb || strcmp(arg, "init") != 0)
			argp_error(state, "'%s': only 'init' is known", arg);
		a->verb = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->verb)
			argp_error(state, "what of it? 'init' is known");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp rig_argp = {
	.options = options,
	.parser = parse,
	.args_doc = "init",
	.doc = "Write a rig file from what is plugged in, to stdout or to a file.",
};

static int write_new(const char *path, struct bytes text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_set(err, errno == EEXIST ? ERR_USAGE : ERR_IO, "%s: %s", path,
			       strerror(errno));
	if (write(fd, text.data, text.len) != (ssize_t)text.len || fsync(fd)) {
		err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		close(fd);
		unlink(path);
		return ERR_IO;
	}
	close(fd);
	return 0;
}

static int cmd_rig(int argc, char **argv)
{
	struct rig_args args = { .root = "" };
	struct err err = { 0 };
	struct buf text;
	int rc = 0;

	argp_parse(&rig_argp, argc, argv, 0, NULL, &args);
	buf_init(&text, 1 << 16);
	rc = rig_init_text(&text, args.root, args.name, &err);
	if (!rc && text.failed)
		rc = err_set(&err, ERR_NOMEM, "no memory for a rig file");
	else if (!rc && args.output)
		rc = write_new(args.output, buf_bytes(&text), &err);
	else if (!rc)
		fwrite(text.data, 1, text.len, stdout);
	buf_release(&text);
	return rc ? (int)cmd_fail(&err) : EXIT_PASSED;
}

const struct command command_rig = { "rig",
				     "init: write a rig file from what is plugged in",
				     cmd_rig };
