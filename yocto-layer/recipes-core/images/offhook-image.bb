SUMMARY = "Offhook: the root file system of the box"
DESCRIPTION = "What customers get: no shell for anybody but the service engineer's serial console, no secure shell daemon."

require offhook-image.inc
