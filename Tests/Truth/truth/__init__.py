"""The counting rules of Tests/Truth/RULES.md, written a second time, to be compared with.

Nothing here is shared with the programs under test nor with the fixtures that
test it: captures are read without libpcap, and only the look-up in MMDB files
goes through a library.
"""
