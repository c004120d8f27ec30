FILESEXTRAPATHS:prepend := "${THISDIR}/files:"

# "grub" or "uboot": set by the machine.
OFFHOOK_RAUC_BOOTLOADER ??= "grub"

do_install:append() {
    sed -i -e 's/@COMPATIBLE@/${MACHINE}/' -e 's/@BOOTLOADER@/${OFFHOOK_RAUC_BOOTLOADER}/' ${D}${nonarch_libdir}/rauc/system.conf
    if [ "${OFFHOOK_RAUC_BOOTLOADER}" != "grub" ]; then
        sed -i -e '/^grubenv=/d' ${D}${nonarch_libdir}/rauc/system.conf
    fi
}

# The machine's name and boot loader are in the file.
PACKAGE_ARCH = "${MACHINE_ARCH}"
do_install[vardeps] += "MACHINE OFFHOOK_RAUC_BOOTLOADER"
