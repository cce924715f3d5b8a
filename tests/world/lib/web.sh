# What the large web servers hold beyond a minimal installation.

web_suites="bookworm bookworm-updates bookworm-security"
web_packages=(nginx mariadb-server php-fpm php-mysql php-gd php-curl php-xml python3 git build-essential curl vim rsync pkg-config)

# Two sites, a database, logs and changed configuration, as a server has them after some months.
add_user_data() { # SEED
    add_site alpha $(($1 + 1)) 400 60
    add_site beta $(($1 + 2)) 400 60
    add_logs $(($1 + 3)) 190000 6
    add_database $(($1 + 4))
    sed -i -E 's/^(\s*)#?\s*server_tokens .*/\1server_tokens off;/; s/worker_connections .*/worker_connections 2048;/' "$root/etc/nginx/nginx.conf"
    printf '[mysqld]\ninnodb_buffer_pool_size = 192M\nmax_connections = 60\n' >"$root/etc/mysql/mariadb.conf.d/90-shop.cnf"
    printf 'upload_max_filesize = 64M\nmemory_limit = 192M\n' >"$root/etc/php/8.2/fpm/conf.d/90-shop.ini"
    printf '<?php $db = new mysqli("localhost", "shop", "shop", "shop"); echo "articles: ", $db->query("SELECT COUNT(*) FROM articles")->fetch_row()[0], "\\n";\n' \
        >"$root/var/www/html/shop.php"
    cat >"$root/etc/nginx/sites-available/default" <<'CONFIG'
server {
    listen 80 default_server;
    root /var/www/html;
    index index.html index.php;
    server_name _;
    access_log /var/log/nginx/access.log;
    location / {
        try_files $uri $uri/ =404;
    }
    location ~ \.php$ {
        include snippets/fastcgi-php.conf;
        fastcgi_pass unix:/run/php/php8.2-fpm.sock;
    }
}
CONFIG
    check="$web_check"
}
# Rows left of 100,000 with one in 40 deleted, asked for through nginx and PHP.
web_check="test \$(curl -s http://localhost/alpha/ | grep -c '<li>') = 400; test \"\$(curl -s http://localhost/shop.php)\" = 'articles: 97500'; mariadb -N -e 'SELECT COUNT(*) FROM shop.users' | grep -qx 4800"

add_database() { # SEED
    # The daemon lives only for the load, speaks to nobody but us, and is shut down properly.
    mkdir -p "$root/run/mysqld"
    chroot "$root" chown mysql:mysql /run/mysqld
    chroot "$root" mariadbd --user=mysql --skip-networking --innodb-flush-log-at-trx-commit=0 &
    local daemon=$! tries
    for tries in $(seq 240); do
        chroot "$root" mariadb-admin ping >/dev/null 2>&1 && break
        sleep 0.5
    done
    {
        echo "CREATE DATABASE shop; CREATE USER shop@localhost IDENTIFIED BY 'shop'; GRANT ALL ON shop.* TO shop@localhost; USE shop;"
        userdata sql mariadb --seed "$1"
    } | chroot "$root" mariadb
    chroot "$root" mariadb-admin shutdown
    wait "$daemon"
}

# A program that its owner compiled from Debian's sources, with the tree left where it was built.
add_compiled_program() {
    # shellcheck disable=SC2086
    apt_sources deb-src $web_suites >"$root/run/sources-src.list"
    { apt_settings; echo 'Dir::Etc::sourcelist "/run/sources-src.list"; APT::Get::List-Cleanup "false";'; } >"$root/run/apt-src.conf"
    mkdir -p "$root/usr/local/src"
    local kept=$cache/debs/sources
    mkdir -p "$kept"
    inside APT_CONFIG=/run/apt-src.conf apt-get -qy update
    cp "$kept"/bash_* "$root/usr/local/src/" 2>/dev/null || true
    inside APT_CONFIG=/run/apt-src.conf sh -c 'cd /usr/local/src && apt-get -qy --download-only source bash'
    cp "$root"/usr/local/src/bash_* "$kept/"
    inside sh -c 'cd /usr/local/src && dpkg-source -x bash_*.dsc bash && cd bash && { [ -x configure ] || tar --strip-components=1 -xf bash-*.tar.*; } && ./configure -q --prefix=/usr/local --without-bash-malloc && make -s -j"$(nproc)" && make -s install'
    rm -f "$root"/var/lib/apt/lists/*_source_Sources*
}
