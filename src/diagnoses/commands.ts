/** What is known of commands by their names. */

/** Commands whose work does not grow with anything but the size of a value. When one of them is slow, the thread was not running. */
export const constantTime: ReadonlySet<string> = new Set(
  "get set setex psetex setnx getset getex getdel append strlen incr incrby decr decrby incrbyfloat exists expire pexpire ttl pttl persist type hget hset hsetnx hexists hincrby hincrbyfloat hlen hstrlen lpush rpush lpop rpop llen sadd sismember scard zadd zscore zcard zincrby ping echo auth hello select asking touch multi client|setname client|setinfo".split(
    " ",
  ),
);
