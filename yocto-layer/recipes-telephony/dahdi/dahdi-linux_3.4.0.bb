SUMMARY = "DAHDI: kernel modules for analog and digital telephone hardware"
HOMEPAGE = "https://github.com/asterisk/dahdi-linux"
SECTION = "kernel/modules"
LICENSE = "GPL-2.0-only"
LIC_FILES_CHKSUM = "file://LICENSE;md5=ea5bed2f60d357618ca161ad539f7c0a"

# After 3.4.0: with the changes for newer kernels.
SRC_URI = "git://github.com/asterisk/dahdi-linux.git;protocol=https;branch=master"
SRCREV = "d1c842a35f8e4c08172cf30231bb99d746a5bc33"
PV .= "+git"

inherit module

do_compile() {
    unset CFLAGS CPPFLAGS CXXFLAGS LDFLAGS
    # DAHDI's own makefile would write this, and fetch firmware of cards from the maker's server: the boards here need none.
    echo '#define DAHDI_VERSION "${PV}"' > ${S}/include/dahdi/version.h
    oe_runmake -C ${STAGING_KERNEL_DIR} M=${S}/drivers/dahdi \
        O=${STAGING_KERNEL_BUILDDIR} ARCH=${ARCH} CROSS_COMPILE=${TARGET_PREFIX} \
        CC="${KERNEL_CC}" LD="${KERNEL_LD}" AR="${KERNEL_AR}" DAHDI_BUILD_ALL=m DAHDI_INCLUDE=${S}/include modules
}

do_install() {
    oe_runmake -C ${STAGING_KERNEL_DIR} M=${S}/drivers/dahdi O=${STAGING_KERNEL_BUILDDIR} ARCH=${ARCH} \
        DEPMOD=echo INSTALL_MOD_PATH=${D}${prefix} MODLIB=${D}${nonarch_base_libdir}/modules/${KERNEL_VERSION} \
        CC="${KERNEL_CC}" LD="${KERNEL_LD}" modules_install
    install -d ${D}${includedir}/dahdi
    install -m 0644 ${S}/include/dahdi/*.h ${D}${includedir}/dahdi/
}

# Channels exist without a tool having to assign them.
KERNEL_MODULE_PROBECONF += "dahdi"
module_conf_dahdi = "options dahdi auto_assign_spans=1"
