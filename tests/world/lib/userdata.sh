# What users put on their machines, made by data/userdata.py.

userdata() { python3 "$here/data/userdata.py" "$@"; }

add_site() { # NAME SEED PAGES IMAGES
    mkdir -p "$root/var/www/html"
    userdata site "$root/var/www/html/$1" --seed "$2" --pages "$3" --images "$4"
    chown -R 33:33 "$root/var/www/html/$1" # www-data
}

add_logs() { # SEED LINES ROTATED
    local number
    mkdir -p "$root/var/log/nginx"
    userdata log "$root/var/log/nginx/access.log" --seed "$1" --lines "$2"
    for number in $(seq 2 $(($3 + 1))); do
        userdata log "$root/var/log/nginx/access.log.$number.gz" --seed $(($1 * 100 + number)) --lines $(($2 / 8))
    done
    chown -R 33:4 "$root/var/log/nginx" # www-data, adm
}
