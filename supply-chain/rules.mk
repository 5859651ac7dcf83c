# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
# Part of the Makefile.

# The dependencies. Tools that are missing are built, into $(build)/tools, which takes some minutes.
.PHONY: record check-record audit sbom check-offline check-reproducible
# What is known about each dependency.
record: | $(build)
	supply-chain/record >$(build)/DEPENDENCIES.md
	mv $(build)/DEPENDENCIES.md supply-chain/DEPENDENCIES.md

check-record: | $(build)
	supply-chain/record >$(build)/DEPENDENCIES.md
	diff -u supply-chain/DEPENDENCIES.md $(build)/DEPENDENCIES.md || \
		{ echo "supply-chain/DEPENDENCIES.md is out of date: make record" >&2; exit 1; }

# Licences, bans, sources; known vulnerabilities, where their database can be had.
audit:
	@supply-chain/audit

# A bill of materials of what is linked, CycloneDX.
sbom: | $(build)
	@supply-chain/sbom $(FEATURES)

# A build with no network.
check-offline:
	@supply-chain/offline

# The same libraries in another folder.
check-reproducible: all
	@supply-chain/reproducible
