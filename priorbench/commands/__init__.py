"""The commands of `priorbench`, one file each: its click command is called `command`."""
