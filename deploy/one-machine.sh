#!/usr/bin/env bash
# Two servers behind nginx, with a Redis that they share and a Prometheus that watches them, on this machine, from a clone: to try it
# before it is set up for real (docs/DEPLOY.md). Everything it writes is in one folder; Ctrl-C stops all of it.
#
#   npm ci && npm run build
#   apt-get install nginx-light redis-server prometheus openssl
#   deploy/one-machine.sh            runs until Ctrl-C, and says where everything is
#   deploy/one-machine.sh --check    places a signed call, restarts one server after the other under it, asks Prometheus, and ends
#
# Ports: 8443 nginx, 8081 and 8082 the servers, 9461 and 9462 their metrics, 9190 Prometheus, 6390 Redis.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin"

say() { printf '· %s\n' "$*"; }
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }

for program in node nginx redis-server prometheus openssl curl; do
    command -v "$program" >/dev/null || fail "$program is not installed: apt-get install nginx-light redis-server prometheus openssl curl"
done
[ -f dist/index.js ] || fail 'The server is not built: npm ci && npm run build'

folder="$(mktemp -d)"
# nginx gives up the rights of root, and still writes its files here.
chmod 777 "$folder"
children=()
stop() {
    # A server may take SHUTDOWN_DRAIN_SECONDS + SHUTDOWN_GRACE_SECONDS; the rest ends at once.
    kill "${children[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

key='one-machine'
secret="$(openssl rand -base64 32)"
export AUDIOHOOK_API_KEYS="{\"$key\":\"$secret\"}" AUDIOHOOK_TRUST_PROXY=true NODE_ENV=production
export REPLAY_STORE=redis://127.0.0.1:6390 SHUTDOWN_DRAIN_SECONDS="${SHUTDOWN_DRAIN_SECONDS:-2}" SHUTDOWN_GRACE_SECONDS=10

start_server() { # number
    PORT="808$1" METRICS_PORT="946$1" node dist/index.js >>"$folder/server-$1.log" 2>&1 &
    servers[$1]=$!
    children+=($!)
}
until_ready() { # what, URL
    for _ in $(seq 300); do
        curl -fs "$2" >/dev/null 2>&1 && return
        sleep 0.1
    done
    tail -n 5 "$folder"/*.log >&2
    fail "$1 does not answer at $2"
}

redis-server --port 6390 --bind 127.0.0.1 --save '' --dir "$folder" >"$folder/redis.log" &
children+=($!)
servers=()
start_server 1
start_server 2

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null
chmod 644 "$folder/key.pem"
cp deploy/nginx/upstream.conf "$folder/"
sed -e 's/listen 443 ssl/listen 127.0.0.1:8443 ssl/' -e 's/server_name bot.example.com/server_name localhost/' \
    -e "s|/etc/letsencrypt/live/bot.example.com/fullchain.pem|$folder/certificate.pem|" \
    -e "s|/etc/letsencrypt/live/bot.example.com/privkey.pem|$folder/key.pem|" deploy/nginx/site.conf >"$folder/site.conf"
sed -e '/worker_rlimit_nofile/d' -e 's/worker_connections 16384/worker_connections 512/' \
    -e "s|/run/nginx.pid|$folder/nginx.pid|" -e "s|/var/log/nginx|$folder|" -e "s|/etc/nginx/audioconnector|$folder|" \
    -e "s|^http {|http { client_body_temp_path $folder/a; proxy_temp_path $folder/b; fastcgi_temp_path $folder/c; uwsgi_temp_path $folder/d; scgi_temp_path $folder/e;|" \
    deploy/nginx/nginx.conf >"$folder/nginx.conf"
nginx -p "$folder" -c "$folder/nginx.conf" -e "$folder/error.log" -g 'daemon off;' >"$folder/nginx.log" 2>&1 &
children+=($!)

cp deploy/monitoring/alerts.yml "$folder/"
sed -e "s|'127.0.0.1:9464'|'127.0.0.1:9461', '127.0.0.1:9462'|" -e 's/: 15s/: 1s/' deploy/monitoring/prometheus.yml >"$folder/prometheus.yml"
prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" --web.listen-address=127.0.0.1:9190 \
    >"$folder/prometheus.log" 2>&1 &
children+=($!)

until_ready 'server 1' http://127.0.0.1:8081/ready
until_ready 'server 2' http://127.0.0.1:8082/ready
until_ready 'Prometheus' http://127.0.0.1:9190/-/ready
say "calls:      wss://localhost:8443/   key $key, secret in $folder/secret"
(umask 077 && printf '%s' "$secret" >"$folder/secret")
say "certificate: $folder/certificate.pem   logs: $folder/*.log"
say 'Prometheus: http://127.0.0.1:9190/'

call() { # seconds
    NODE_EXTRA_CA_CERTS="$folder/certificate.pem" npm run --silent call -- --url wss://localhost:8443/ --key "$key" --secret "$secret" \
        --seconds "$1" --out "$folder/heard.wav" --timeline "$folder/timeline.json"
}

if [ "${1:-}" != --check ]; then
    say "try it:     NODE_EXTRA_CA_CERTS=$folder/certificate.pem npm run call -- --url wss://localhost:8443/ --key $key --secret \"\$(cat $folder/secret)\""
    wait
    exit
fi

say 'a signed call through nginx'
call 4 >"$folder/call.log" || { cat "$folder/call.log"; fail 'the call failed'; }
for number in 1 2; do
    say "a call goes on while server $number is restarted"
    call 12 >"$folder/call-$number.log" &
    running=$!
    sleep 2
    kill "${servers[$number]}"
    wait "${servers[$number]}" || fail "server $number has not ended in good order"
    start_server "$number"
    until_ready "server $number" "http://127.0.0.1:808$number/ready"
    wait "$running" || { cat "$folder/call-$number.log"; fail 'the call failed'; }
done
sleep 3
ask() { curl -fsG http://127.0.0.1:9190/api/v1/query --data-urlencode "query=$1"; }
ask 'sum(up{job="audioconnector"})' | grep -q '"2"\]' || fail 'Prometheus does not see both servers'
ask 'sum(audioconnector_calls_opened_total)' | grep -Eq '"[1-9][0-9]*"\]' || fail 'Prometheus has counted no call'
curl -fs http://127.0.0.1:9190/api/v1/rules | grep -q AudioConnectorModelUnreachable || fail 'Prometheus has not read the alerts'
say 'Prometheus sees both servers and their calls, and has read the alerts'
printf '✓ two servers behind nginx, with Redis and Prometheus\n'
