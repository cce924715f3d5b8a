"""Where the files and the free space of an ext filesystem lie on a raw disk, read without mounting it: free space as
dumpe2fs lists it, files from the inode tables. For images that are trusted; what makes no sense ends the program."""
import json
import re
import struct
import subprocess

SUPERBLOCK, MAGIC_AT = 1024, 1024 + 56
ROOT_INODE, JOURNAL_INODE = 2, 8
FOLDER, REGULAR = 0x4000, 0x8000
EXTENTS_FLAG, INLINE_FLAG = 0x80000, 0x10000000


def partitions(path):
    """Byte offsets at which a filesystem may begin."""
    told = subprocess.run(["sfdisk", "--json", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if told.returncode != 0:
        return [0]
    table = json.loads(told.stdout)["partitiontable"]
    return [part["start"] * table.get("sectorsize", 512) for part in table.get("partitions", [])]


def filesystems(path, disk):
    """All ext filesystems of a raw disk, whose bytes `disk` are."""
    return [Filesystem(path, disk, start) for start in partitions(path)
            if disk[start + MAGIC_AT:start + MAGIC_AT + 2] == b"\x53\xef"]


class Filesystem:
    def __init__(self, path, disk, start):
        self.disk, self.start = disk, start
        told = subprocess.run(["dumpe2fs", f"{path}?offset={start}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=True, text=True, errors="replace").stdout
        fact = dict(re.findall(r"^([A-Z][^:\n]*):[ \t]+(.*)$", told, re.M))
        self.block = int(fact["Block size"])
        self.inode_bytes = int(fact["Inode size"])
        self.per_group = int(fact["Inodes per group"])
        self.clean = fact["Filesystem state"] == "clean" and "needs_recovery" not in fact["Filesystem features"]
        self.tables = [int(at) for at in re.findall(r"Inode table at (\d+)", told)]
        self.free = []  # (byte on the disk, bytes)
        for line in re.findall(r"^  Free blocks: (.*)$", told, re.M) if self.clean else []:
            for run in filter(None, line.split(", ")):
                first, _, last = run.partition("-")
                self.free.append((self.at(int(first)), (int(last or first) - int(first) + 1) * self.block))

    def at(self, block):
        return self.start + block * self.block

    def inode(self, number):
        group, index = divmod(number - 1, self.per_group)
        at = self.at(self.tables[group]) + index * self.inode_bytes
        return self.disk[at:at + self.inode_bytes]

    def extents(self, inode):
        """(byte in the file, byte on the disk, bytes), ascending; of an old block map, too."""
        flags, = struct.unpack_from("<I", inode, 32)
        if flags & INLINE_FLAG:
            return []
        if flags & EXTENTS_FLAG:
            return sorted(self._extent_tree(inode[40:100]))
        blocks = struct.unpack_from("<15I", inode, 40)
        mapped = list(blocks[:12])
        for depth, block in enumerate(blocks[12:]):
            mapped += self._block_map(block, depth)
        return [(i * self.block, self.at(block), self.block) for i, block in enumerate(mapped) if block]

    def _extent_tree(self, node):
        magic, entries, _, depth = struct.unpack_from("<4H", node)
        if magic != 0xF30A:
            raise SystemExit("an inode's extents are damaged")
        for i in range(entries):
            first, middle, high, low = struct.unpack_from("<IHHI", node, 12 + 12 * i)
            if depth:  # first block of the file, low and high part of the node's block
                _, leaf, leaf_high = struct.unpack_from("<IIH", node, 12 + 12 * i)
                at = self.at(leaf | leaf_high << 32)
                yield from self._extent_tree(self.disk[at:at + self.block])
            elif middle <= 0x8000:  # else it is allocated and was never written
                yield first * self.block, self.at(low | high << 32), middle * self.block

    def _block_map(self, block, depth):
        entries = self.block // 4
        if block == 0:
            return [0] * entries ** (depth + 1)
        below = struct.unpack_from(f"<{entries}I", self.disk, self.at(block))
        return list(below) if depth == 0 else [b for each in below for b in self._block_map(each, depth - 1)]

    def journal_inside(self):
        """All of a closed journal but its superblock."""
        extents = self.extents(self.inode(JOURNAL_INODE)) if self.clean else []
        if not extents:
            return []
        begin, = struct.unpack_from(">I", self.disk, extents[0][1] + 28)
        return [(at + (self.block if i == 0 else 0), length - (self.block if i == 0 else 0))
                for i, (_, at, length) in enumerate(extents)] if begin == 0 else []

    def content(self, extents, size):
        """The bytes of a file."""
        whole = bytearray(size)
        for in_file, at, length in extents:
            length = min(length, size - in_file)
            whole[in_file:in_file + length] = self.disk[at:at + length]
        return bytes(whole)

    def files(self):
        """(path, "file" or "folder", size, extents) of all that has bytes of its own; a hard link only once."""
        seen, folders = set(), [(ROOT_INODE, "")]
        while folders:
            number, path = folders.pop()
            inode = self.inode(number)
            size, = struct.unpack_from("<I", inode, 4)
            extents = self.extents(inode)
            yield path or "/", "folder", size, extents
            for child, name in self._entries(self.content(extents, size)):
                if child in seen:
                    continue
                seen.add(child)
                mode, = struct.unpack_from("<H", self.inode(child))
                if mode & 0xF000 == FOLDER:
                    folders.append((child, f"{path}/{name}"))
                elif mode & 0xF000 == REGULAR:
                    inode = self.inode(child)
                    low, high = struct.unpack_from("<I", inode, 4)[0], struct.unpack_from("<I", inode, 108)[0]
                    yield f"{path}/{name}", "file", low | high << 32, self.extents(inode)

    def _entries(self, content):
        at = 0
        while at + 8 <= len(content):
            child, length, name_bytes = struct.unpack_from("<IHB", content, at)
            if length < 8:
                raise SystemExit("a folder is damaged")
            name = content[at + 8:at + 8 + name_bytes].decode(errors="surrogateescape")
            if child and name not in (".", ".."):
                yield child, name
            at += length
