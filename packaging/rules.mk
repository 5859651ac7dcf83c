# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# Part of the Makefile.

.PHONY: dist deb rpm check-deb check-rpm check-recipes
# A tarball with all crates, which builds without network, and packages of it. The project's own
# releases of one version of the C library's ABI are counted behind it.
distribution := libkcapi-$(version)+rs1
dist:
	packaging/dist $(distribution) $(build)/dist

# OPTIONS are dpkg-buildpackage's (-d: cargo and rustc are not Debian's) and rpmbuild's (--nodeps).
deb: dist
	packaging/build-deb $(build)/dist/$(distribution).tar.xz $(build)/deb $(OPTIONS)

rpm: dist
	packaging/build-rpm $(build)/dist/$(distribution).tar.xz $(build)/rpm $(OPTIONS)

# What these have made: Debian's packages as root, in a root of its own.
check-deb:
	packaging/check-deb $(build)/deb

check-rpm:
	packaging/check-rpm $(build)/rpm

# What can be read of the recipes for other distributions.
check-recipes: stage
	packaging/check-recipes
