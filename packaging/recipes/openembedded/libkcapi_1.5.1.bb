# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
SUMMARY = "The Linux kernel's crypto from user space"
DESCRIPTION = "libkcapi in Rust, in place of the C library, with sha512hmac, kcapi-enc and the like"
HOMEPAGE = "https://www.kernel.org/doc/html/latest/crypto/userspace-if.html"
LICENSE = "BSD-3-Clause | GPL-2.0-only"
# Filled in with the tarball's.
LIC_FILES_CHKSUM = "file://LICENSE;md5=0"

SRC_URI = "file://libkcapi-${PV}+rs1.tar.xz"
S = "${WORKDIR}/libkcapi-${PV}+rs1"

inherit rust-target-config pkgconfig bash-completion
DEPENDS = "virtual/${TARGET_PREFIX}rust libstd-rs cargo-native rust-native"

PACKAGECONFIG ??= "programs user-engine"
PACKAGECONFIG[programs] = "PROGRAMS=yes,PROGRAMS="
PACKAGECONFIG[user-engine] = "FEATURES=user-engine,FEATURES="

export CARGO_HOME = "${WORKDIR}/cargo"
EXTRA_OEMAKE = "TARGET=${RUST_TARGET_SYS} prefix=${prefix} libdir=${libdir} libexecdir=${libexecdir} \
    includedir=${includedir} bindir=${bindir} mandir=${mandir} ${PACKAGECONFIG_CONFARGS}"

do_compile() {
    oe_runmake
}

do_install() {
    oe_runmake install HMAC= DESTDIR=${D}
}

# After package.bbclass has stripped them, and before it puts them into packages.
PACKAGESPLITFUNCS =+ "write_hmac"
write_hmac() {
    oe_runmake -C ${S} hmac DESTDIR=${PKGD}
}

PACKAGES =+ "${PN}-tools ${PN}-hasher ${PN}-info"
FILES:${PN} += "${libdir}/.libkcapi.so.1*.hmac"
FILES:${PN}-dev += "${libdir}/.libkcapi.so.hmac"
FILES:${PN}-tools = "${bindir}/kcapi ${bindir}/kcapi-enc ${bindir}/kcapi-dgst ${bindir}/kcapi-rng ${bindir}/kcapi-speed"
FILES:${PN}-hasher = "${bindir}/kcapi-hasher ${bindir}/.kcapi-hasher.hmac ${bindir}/fips* ${bindir}/s*hmac ${libexecdir}/libkcapi"
FILES:${PN}-info = "${bindir}/kcapi-info"
