# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# Part of the Makefile: kcapi-hasher and its names, kcapi-enc, kcapi-dgst, kcapi-rng, kcapi-speed.
#
# One static library of Rust has all of them; each is linked out of it, with one of its functions as main.

libexecdir ?= $(exec_prefix)/libexec
# Names of HMAC files: SUM_PREFIX before a file's name, .SUM_SUFFIX behind it. With SUM_DIR the self-check
# and fipscheck look in SUM_DIR/hmaccalc and SUM_DIR/fipscheck.
SUM_PREFIX ?= .
SUM_SUFFIX ?= hmac
SUM_DIR    ?=

program_names := hasher enc dgst rng speed
hasher_names := sha1sum sha224sum sha256sum sha384sum sha512sum md5sum sm3sum sha3sum fipscheck fipshmac \
	sha1hmac sha224hmac sha256hmac sha384hmac sha512hmac sm3hmac
programs := $(program_names:%=$(build)/kcapi-%)

$(build)/sums: made_of = $(SUM_PREFIX) $(SUM_SUFFIX) $(SUM_DIR)
$(build)/sums: FORCE | $(build)
	@echo '$(made_of)' | cmp -s - $@ || echo '$(made_of)' >$@

programs_lib := $(target)/programs/$(release)/libkcapi_programs.a
$(programs_lib): $(shell find programs -name '*.rs') programs/Cargo.toml Cargo.toml Cargo.lock Makefile \
		programs/rules.mk $(build)/sums
	KCAPI_SUM_PREFIX='$(SUM_PREFIX)' KCAPI_SUM_SUFFIX='$(SUM_SUFFIX)' KCAPI_SUM_DIR='$(SUM_DIR)' \
		$(CARGO) rustc --locked --release --package kcapi-programs --lib --crate-type staticlib \
		--target-dir $(target)/programs $(if $(TARGET),--target $(TARGET)) --features runtime $(remap)
	@touch $@

$(programs): $(build)/kcapi-%: $(programs_lib) $(if $(SHARED),$(shared),$(static)) $(build)/linkage
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -static-libgcc -o $@ -Wl,-u,kcapi_$*_main \
		-Wl,--defsym,main=kcapi_$*_main $< -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,--as-needed \
		-Wl,--strip-debug $(if $(SHARED),-L$(build) -lkcapi,$(static)) $(LDLIBS)
