/** What is known of commands by their names. */

/** Commands whose work does not grow with anything but the size of a value. When one of them is slow, the thread was not running. */
export const constantTime: ReadonlySet<string> = new Set(
  "get set setex psetex setnx getset getex getdel append strlen incr incrby decr decrby incrbyfloat exists expire pexpire ttl pttl persist type hget hset hsetnx hexists hincrby hincrbyfloat hlen hstrlen lpush rpush lpop rpop llen sadd sismember scard zadd zscore zcard zincrby ping echo auth hello select asking touch multi client|setname client|setinfo".split(
    " ",
  ),
);

/** Commands that only read, as far as services use them. */
export const readCommands: ReadonlySet<string> = new Set(
  "get mget getrange strlen exists ttl pttl type hget hmget hgetall hkeys hvals hlen hexists lrange lindex llen smembers sismember smismember scard srandmember zrange zrangebyscore zrevrange zrevrangebyscore zrank zrevrank zscore zmscore zcard zcount bitcount getbit pfcount geosearch geopos xrange xrevrange xlen json.get json.mget".split(
    " ",
  ),
);
