FILESEXTRAPATHS:prepend := "${OFFHOOK_LAYERDIR}/recipes-kernel/linux/files:"
SRC_URI:append = " file://offhook.cfg"
