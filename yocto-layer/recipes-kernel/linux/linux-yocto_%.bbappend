FILESEXTRAPATHS:prepend := "${THISDIR}/files:"
SRC_URI:append = " file://offhook.cfg"

COMPATIBLE_MACHINE:append = "|offhook-qemu|offhook-efi-arm64"
