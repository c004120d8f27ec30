SUMMARY = "Signed update of the box"
DESCRIPTION = "A RAUC bundle with one image of the root file system, verified block by block while it is read."
LICENSE = "MIT"

inherit bundle

RAUC_BUNDLE_COMPATIBLE = "${MACHINE}"
RAUC_BUNDLE_VERSION = "${DISTRO_VERSION}"
RAUC_BUNDLE_DESCRIPTION = "Offhook ${DISTRO_VERSION}"
RAUC_BUNDLE_FORMAT = "verity"
RAUC_BUNDLE_SLOTS = "rootfs"
RAUC_SLOT_rootfs = "offhook-image"
RAUC_SLOT_rootfs[fstype] = "ext4"
# Only blocks that differ are downloaded.
RAUC_SLOT_rootfs[adaptive] = "block-hash-index"

# Without a key there is no bundle, on purpose: the key of releases is never in the repository.
RAUC_KEY_FILE ??= ""
RAUC_CERT_FILE ??= ""
