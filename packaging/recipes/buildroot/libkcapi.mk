################################################################################
#
# libkcapi
#
# SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
#
################################################################################

LIBKCAPI_VERSION = 1.5.1+rs1
LIBKCAPI_SOURCE = libkcapi-$(LIBKCAPI_VERSION).tar.xz
LIBKCAPI_SITE = $(BR2_EXTERNAL)/dl
LIBKCAPI_SITE_METHOD = file
LIBKCAPI_LICENSE = BSD-3-Clause or GPL-2.0
LIBKCAPI_LICENSE_FILES = LICENSE LICENSE.GPL-2.0
LIBKCAPI_INSTALL_STAGING = YES
LIBKCAPI_DEPENDENCIES = host-rustc

# The programs' names here: what is not wanted is removed again.
LIBKCAPI_UNWANTED = \
	$(if $(BR2_PACKAGE_LIBKCAPI_HASHER),,kcapi-hasher .kcapi-hasher.hmac fipscheck fipshmac \
		sha1hmac sha224hmac sha256hmac sha384hmac sha512hmac sm3hmac) \
	$(if $(BR2_PACKAGE_LIBKCAPI_ENCAPP),,kcapi-enc) \
	$(if $(BR2_PACKAGE_LIBKCAPI_DGSTAPP),,kcapi-dgst) \
	$(if $(BR2_PACKAGE_LIBKCAPI_RNGAPP),,kcapi-rng) \
	$(if $(BR2_PACKAGE_LIBKCAPI_SPEED),,kcapi-speed) \
	$(if $(BR2_PACKAGE_LIBKCAPI_TESTAPP),,kcapi)

LIBKCAPI_MAKE = $(TARGET_MAKE_ENV) $(PKG_CARGO_ENV) $(MAKE) -C $(LIBKCAPI_DIR) $(TARGET_CONFIGURE_OPTS) \
	TARGET=$(RUSTC_TARGET_NAME) prefix=/usr libdir=/usr/lib \
	FEATURES="$(if $(BR2_PACKAGE_LIBKCAPI_USER_ENGINE),user-engine)"

define LIBKCAPI_BUILD_CMDS
	$(LIBKCAPI_MAKE)
endef

define LIBKCAPI_INSTALL_STAGING_CMDS
	$(LIBKCAPI_MAKE) DESTDIR=$(STAGING_DIR) install PROGRAMS=
endef

define LIBKCAPI_INSTALL_TARGET_CMDS
	$(LIBKCAPI_MAKE) DESTDIR=$(TARGET_DIR) install HMAC=
	cd $(TARGET_DIR)/usr/bin && rm -f $(LIBKCAPI_UNWANTED)
	$(if $(BR2_PACKAGE_LIBKCAPI_HASHER),,rm -rf $(TARGET_DIR)/usr/libexec/libkcapi)
endef

# Target files are stripped at the very end, behind the hooks of target-finalize.
define LIBKCAPI_HMAC
	$(LIBKCAPI_MAKE) DESTDIR=$(TARGET_DIR) hmac
endef
LIBKCAPI_ROOTFS_PRE_CMD_HOOKS += $(if $(BR2_PACKAGE_LIBKCAPI_HASHER),LIBKCAPI_HMAC)

$(eval $(generic-package))
