SUMMARY = "Offhook: the telephone exchange's daemon and its command line"
DESCRIPTION = "SIP, media, analog lines, call control, the web page and its API in one program, and offhookctl to look at it."
SECTION = "network"
LICENSE = "Apache-2.0 | MIT"
LIC_FILES_CHKSUM = "\
    file://LICENSE-APACHE;md5=3b83ef96387f14655fc854ddc3c6bd57 \
    file://LICENSE-MIT;md5=b377b220f43d747efdec40d69fcaa69d \
"

# The sources are those of the repository that this layer is part of. The list of crates and the built page are made by
# `cargo xtask yocto` before the build: neither is kept in git.
FILESEXTRAPATHS:prepend := "${OFFHOOK_LAYERDIR}/..:"
SRC_URI = "\
    file://Cargo.toml;subdir=${BP} \
    file://Cargo.lock;subdir=${BP} \
    file://LICENSE-APACHE;subdir=${BP} \
    file://LICENSE-MIT;subdir=${BP} \
    file://clippy.toml;subdir=${BP} \
    file://firmware;subdir=${BP} \
    file://tools;subdir=${BP} \
    file://web-ui/dist;subdir=${BP} \
    file://offhookd.service \
"
require ${BPN}-crates.inc

inherit cargo pkgconfig systemd

# SQLite and Opus are built from the C sources in their crates; a sound card is spoken to through ALSA.
DEPENDS += "cmake-native alsa-lib"
CARGO_BUILD_FLAGS:append = " -p offhookd -p offhookctl"

SYSTEMD_SERVICE:${PN} = "offhookd.service"
RDEPENDS:${PN} = "offhook-system"

PACKAGE_BEFORE_PN = "offhookctl"
SUMMARY:offhookctl = "Offhook: the command line of the box"
FILES:offhookctl = "${bindir}/offhookctl"
RDEPENDS:offhookctl = "offhookd"

do_install() {
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/offhookd ${D}${bindir}/offhookd
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/offhookctl ${D}${bindir}/offhookctl
    install -D -m 0644 ${UNPACKDIR}/offhookd.service ${D}${systemd_system_unitdir}/offhookd.service
}
