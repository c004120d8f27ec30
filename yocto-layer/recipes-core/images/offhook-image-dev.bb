SUMMARY = "Offhook: the root file system of the box, for developers"
DESCRIPTION = "As offhook-image, with secure shell (keys only), empty root password on the serial console, and tools to look around."

require offhook-image.inc

IMAGE_FEATURES += "ssh-server-dropbear allow-empty-password empty-root-password post-install-logging"
IMAGE_INSTALL += "alsa-utils ethtool gdbserver strace tcpdump"
