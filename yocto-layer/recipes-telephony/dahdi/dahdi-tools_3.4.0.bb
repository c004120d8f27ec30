SUMMARY = "DAHDI: programs to configure telephone hardware"
HOMEPAGE = "https://github.com/asterisk/dahdi-tools"
SECTION = "network"
LICENSE = "GPL-2.0-only & LGPL-2.1-only"
LIC_FILES_CHKSUM = "\
    file://LICENSE;md5=ea5bed2f60d357618ca161ad539f7c0a \
    file://LICENSE.LGPL;md5=fb504b67c50331fc78734fed90fb0e09 \
"

SRC_URI = "git://github.com/asterisk/dahdi-tools.git;protocol=https;branch=master"
SRCREV = "a5e40d50659e91c86c4fffe0519322cd9f253b77"
PV .= "+git"

DEPENDS = "dahdi-linux"

inherit autotools pkgconfig

EXTRA_OECONF = "--without-newt --without-usb --without-pcap --without-ppp --with-dahdi=${STAGING_DIR_TARGET}${prefix}"

# Only what the box uses: dahdi_cfg and dahdi_scan with their library. The Perl scripts around them are not.
do_install:append() {
    rm -rf ${D}${datadir}/perl5 ${D}${libdir}/perl5
    for program in ${D}${sbindir}/*; do
        if head -c 64 "$program" | grep -q perl; then
            rm "$program"
        fi
    done
}

FILES:${PN} += "${datadir}/dahdi ${nonarch_libdir}/udev ${sysconfdir}"
