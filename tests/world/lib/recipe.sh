# What `world` knows of a recipe without running it. A recipe is a shell file in guests/ that sets
#   summary     one line: what the guest is for
#   built_from  the files (relative to tests/world) and parents (@GUEST) that decide its content
#   needs       the Debian packages its build uses, beyond those of every build
# and defines build(), which lib/build-guest runs.

guest_field() { (
    summary='' built_from='' needs=''
    source "$here/guests/$1"
    echo "${!2}"
) }
guest_summary() { guest_field "$1" summary; }
guest_parents() { guest_field "$1" built_from | tr -s ' \n' '\n' | sed -n 's/^@//p'; }

guest_hash() {
    local word
    {
        cat "$here/guests/$1"
        for word in $(guest_field "$1" built_from); do
            echo "== $word"
            case $word in
                @*) guest_hash "${word#@}" ;;
                *) cat "$here/$word" ;;
            esac
        done
    } | sha256sum | cut -c1-16
}
guest_folder() { echo "$cache/$1-$(guest_hash "$1")"; }
