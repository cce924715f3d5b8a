// A qcow2 file that is being written, by way of a private qemu-nbd.
#pragma once

#include <optional>
#include <string>

#include "base/file.hpp"
#include "disk/chain.hpp"
#include "disk/nbd_connection.hpp"
#include "disk/qemu_nbd.hpp"

namespace jaunt::disk {

// Makes an empty file a qcow2 of this size, rounded up to whole sectors of 512; thin where there is a backing.
void make_qcow2(const base::File& file, base::ByteCount size, const std::optional<Chain>& backing);

// Lets the header of one that exists name this backing with its format, or none; what it holds stays as it is.
void set_backing(const base::File& file, const std::optional<Chain>& backing);

// `name` is for messages. One thread at a time; needs a child, so the thread that makes it lives as long.
class Qcow2File {
 public:
  Qcow2File(const base::File& file, const std::string& name, const std::optional<Chain>& backing);

  void write(base::ByteOffset at, base::ByteView bytes) { connection_->write(at, bytes); }
  void zero(base::ByteOffset at, base::ByteCount length) { connection_->zero(at, length); }
  void read(base::ByteOffset at, std::span<std::byte> into) { connection_->read(at, into); }
  // The next bytes from `at` on that may be something else than zeros.
  std::optional<model::Extent> data_from(base::ByteOffset at);
  // Bytes that may be something else than zeros and lie in the backing, not in the file.
  base::ByteCount referenced();
  // What was written so far outlives this process.
  void flush() { connection_->flush(); }
  // Nothing may be done afterwards.
  void finish();

 private:
  std::optional<QemuNbd> server_;
  std::optional<NbdConnection> connection_;
};

}  // namespace jaunt::disk
