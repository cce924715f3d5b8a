# Work that only the libguestfs appliance's kernel can do: logical volumes and encryption.

export LIBGUESTFS_BACKEND=direct LIBGUESTFS_BACKEND_SETTINGS=${LIBGUESTFS_BACKEND_SETTINGS-force_tcg} LIBGUESTFS_CACHEDIR=/var/tmp

# Runs guestfish on $disk with the commands of standard input.
appliance() { guestfish --format=raw -a "$disk" "$@"; }
