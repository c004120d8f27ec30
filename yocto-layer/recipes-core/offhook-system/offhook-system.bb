SUMMARY = "The box's own settings: data partition, network, names, journal, firewall, users"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://${COREBASE}/meta/COPYING.MIT;md5=3da9cfbcb788c80a0384361b4de20420"

SRC_URI = "\
    file://data.mount \
    file://offhook-data.service \
    file://offhook-data.sh \
    file://80-offhook.network \
    file://offhook-resolved.conf \
    file://offhook-timesyncd.conf \
    file://offhook-journald.conf \
    file://offhook-watchdog.conf \
    file://offhook-sysctl.conf \
    file://offhook-sysusers.conf \
    file://offhook-tmpfiles.conf \
    file://nftables.conf \
    file://offhook-firewall.service \
"

S = "${UNPACKDIR}"

inherit systemd

SYSTEMD_SERVICE:${PN} = "data.mount offhook-data.service offhook-firewall.service"
RDEPENDS:${PN} = "nftables e2fsprogs-mke2fs e2fsprogs-resize2fs e2fsprogs-e2fsck"

do_install() {
    install -d ${D}${systemd_system_unitdir}
    install -m 0644 data.mount offhook-data.service offhook-firewall.service ${D}${systemd_system_unitdir}/
    install -D -m 0755 offhook-data.sh ${D}${libexecdir}/offhook/data
    install -D -m 0644 80-offhook.network ${D}${nonarch_libdir}/systemd/network/80-offhook.network
    install -D -m 0644 offhook-resolved.conf ${D}${nonarch_libdir}/systemd/resolved.conf.d/offhook.conf
    install -D -m 0644 offhook-timesyncd.conf ${D}${nonarch_libdir}/systemd/timesyncd.conf.d/offhook.conf
    install -D -m 0644 offhook-journald.conf ${D}${nonarch_libdir}/systemd/journald.conf.d/offhook.conf
    install -D -m 0644 offhook-watchdog.conf ${D}${nonarch_libdir}/systemd/system.conf.d/offhook.conf
    install -D -m 0644 offhook-sysctl.conf ${D}${nonarch_libdir}/sysctl.d/80-offhook.conf
    install -D -m 0644 offhook-sysusers.conf ${D}${nonarch_libdir}/sysusers.d/offhook.conf
    install -D -m 0644 offhook-tmpfiles.conf ${D}${nonarch_libdir}/tmpfiles.d/offhook.conf
    install -D -m 0600 nftables.conf ${D}${sysconfdir}/nftables.conf
}

FILES:${PN} += "${nonarch_libdir}/systemd ${nonarch_libdir}/sysctl.d ${nonarch_libdir}/sysusers.d ${nonarch_libdir}/tmpfiles.d ${systemd_system_unitdir} ${libexecdir}/offhook"
CONFFILES:${PN} = "${sysconfdir}/nftables.conf"
