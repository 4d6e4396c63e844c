/* From numbers and strings to a tracepoint. Included by provider.c alone.
 * Generated from src/environments/node/events.ts by tools/gen-node.ts. Do not edit. */
#define SS_NODE_NUMBERS 9
#define SS_NODE_STRINGS 3

/* The event's numbers. */
#define SS_NODE_PROCESS_INFO 0
#define SS_NODE_SOCKET_CONNECT 1
#define SS_NODE_SOCKET_ACCEPT 2
#define SS_NODE_SOCKET_STATE 3
#define SS_NODE_SOCKET_CLOSE 4
#define SS_NODE_SOCKET_WRITE 5
#define SS_NODE_SOCKET_READ 6
#define SS_NODE_HTTP_SERVER_RECEIVE 7
#define SS_NODE_HTTP_SERVER_RESPONSE 8
#define SS_NODE_HTTP_CLIENT_REQUEST 9
#define SS_NODE_HTTP_CLIENT_RESPONSE 10
#define SS_NODE_STORE_COMMAND 11
#define SS_NODE_HTTP_CLIENT_CUT 12
#define SS_NODE_HTTP2_SERVER_RECEIVE 13
#define SS_NODE_HTTP2_SERVER_RESPONSE 14
#define SS_NODE_HTTP2_CLIENT_REQUEST 15
#define SS_NODE_HTTP2_CLIENT_END 16
#define SS_NODE_DATABASE_QUERY 17
#define SS_NODE_DATABASE_SEND 18
#define SS_NODE_DATABASE_RESULT 19
#define SS_NODE_CONTEXT_START 20
#define SS_NODE_LOOP_ITERATION 21
#define SS_NODE_GC 22
#define SS_NODE_DNS 23
#define SS_NODE_TRACING_END 24

/* X(name, number) for each event. */
#define SS_NODE_EVENTS(X) X(process_info, 0) X(socket_connect, 1) X(socket_accept, 2) X(socket_state, 3) X(socket_close, 4) X(socket_write, 5) X(socket_read, 6) X(http_server_receive, 7) X(http_server_response, 8) X(http_client_request, 9) X(http_client_response, 10) X(store_command, 11) X(http_client_cut, 12) X(http2_server_receive, 13) X(http2_server_response, 14) X(http2_client_request, 15) X(http2_client_end, 16) X(database_query, 17) X(database_send, 18) X(database_result, 19) X(context_start, 20) X(loop_iteration, 21) X(gc, 22) X(dns, 23) X(tracing_end, 24)

#ifdef SS_NODE_EMIT
/* An id is unique in its environment; with its number, in the process. */
static uint64_t ss_id(uint32_t environment, double number)
{
    return number == 0 ? 0 : (uint64_t)environment << 40 | (uint64_t)number;
}

/* n and s hold the event's numbers and strings in the order of its fields, without `environment`. */
static void ss_emit(uint32_t event, uint32_t environment, const double *n, const char *const *s)
{
    switch (event) {
    case 0: {
        struct ss_ev_process_info e = {
            .environment = environment,
            .thread = (uint32_t)n[0],
            .cluster_worker = (uint32_t)n[1],
            .node_version = s[0],
            .script = s[1],
            .service = s[2],
            .at_ns = (uint64_t)n[2],
        };
        lttng_ust_tracepoint(node, process_info, &e);
        break;
    }
    case 1: {
        struct ss_ev_socket_connect e = {
            .conn_id = ss_id(environment, n[0]),
            .fd = (int32_t)n[1],
            .context = ss_id(environment, n[2]),
            .tls = (uint8_t)n[3],
            .laddr = s[0],
            .lport = (uint16_t)n[4],
            .raddr = s[1],
            .rport = (uint16_t)n[5],
            .read_offset = (uint64_t)n[6],
            .write_offset = (uint64_t)n[7],
            .at_ns = (uint64_t)n[8],
        };
        lttng_ust_tracepoint(node, socket_connect, &e);
        break;
    }
    case 2: {
        struct ss_ev_socket_accept e = {
            .conn_id = ss_id(environment, n[0]),
            .fd = (int32_t)n[1],
            .context = ss_id(environment, n[2]),
            .tls = (uint8_t)n[3],
            .laddr = s[0],
            .lport = (uint16_t)n[4],
            .raddr = s[1],
            .rport = (uint16_t)n[5],
            .read_offset = (uint64_t)n[6],
            .write_offset = (uint64_t)n[7],
            .at_ns = (uint64_t)n[8],
        };
        lttng_ust_tracepoint(node, socket_accept, &e);
        break;
    }
    case 3: {
        struct ss_ev_socket_state e = {
            .conn_id = ss_id(environment, n[0]),
            .fd = (int32_t)n[1],
            .context = ss_id(environment, n[2]),
            .tls = (uint8_t)n[3],
            .laddr = s[0],
            .lport = (uint16_t)n[4],
            .raddr = s[1],
            .rport = (uint16_t)n[5],
            .read_offset = (uint64_t)n[6],
            .write_offset = (uint64_t)n[7],
            .at_ns = (uint64_t)n[8],
        };
        lttng_ust_tracepoint(node, socket_state, &e);
        break;
    }
    case 4: {
        struct ss_ev_socket_close e = {
            .conn_id = ss_id(environment, n[0]),
            .fd = (int32_t)n[1],
            .read_offset = (uint64_t)n[2],
            .write_offset = (uint64_t)n[3],
            .at_ns = (uint64_t)n[4],
        };
        lttng_ust_tracepoint(node, socket_close, &e);
        break;
    }
    case 5: {
        struct ss_ev_socket_write e = {
            .conn_id = ss_id(environment, n[0]),
            .fd = (int32_t)n[1],
            .context = ss_id(environment, n[2]),
            .how = (uint8_t)n[3],
            .offset = (uint64_t)n[4],
            .length = (uint32_t)n[5],
            .at_ns = (uint64_t)n[6],
        };
        lttng_ust_tracepoint(node, socket_write, &e);
        break;
    }
    case 6: {
        struct ss_ev_socket_read e = {
            .conn_id = ss_id(environment, n[0]),
            .fd = (int32_t)n[1],
            .offset = (uint64_t)n[2],
            .length = (uint32_t)n[3],
            .at_ns = (uint64_t)n[4],
        };
        lttng_ust_tracepoint(node, socket_read, &e);
        break;
    }
    case 7: {
        struct ss_ev_http_server_receive e = {
            .context = ss_id(environment, n[0]),
            .conn_id = ss_id(environment, n[1]),
            .fd = (int32_t)n[2],
            .read_offset = (uint64_t)n[3],
            .method = s[0],
            .path = s[1],
            .at_ns = (uint64_t)n[4],
        };
        lttng_ust_tracepoint(node, http_server_receive, &e);
        break;
    }
    case 8: {
        struct ss_ev_http_server_response e = {
            .context = ss_id(environment, n[0]),
            .conn_id = ss_id(environment, n[1]),
            .fd = (int32_t)n[2],
            .start_offset = (uint64_t)n[3],
            .end_offset = (uint64_t)n[4],
            .status = (uint16_t)n[5],
            .aborted = (uint8_t)n[6],
            .route = s[0],
            .at_ns = (uint64_t)n[7],
        };
        lttng_ust_tracepoint(node, http_server_response, &e);
        break;
    }
    case 9: {
        struct ss_ev_http_client_request e = {
            .request = ss_id(environment, n[0]),
            .context = ss_id(environment, n[1]),
            .conn_id = ss_id(environment, n[2]),
            .fd = (int32_t)n[3],
            .write_offset = (uint64_t)n[4],
            .method = s[0],
            .host = s[1],
            .path = s[2],
            .at_ns = (uint64_t)n[5],
        };
        lttng_ust_tracepoint(node, http_client_request, &e);
        break;
    }
    case 10: {
        struct ss_ev_http_client_response e = {
            .request = ss_id(environment, n[0]),
            .context = ss_id(environment, n[1]),
            .conn_id = ss_id(environment, n[2]),
            .fd = (int32_t)n[3],
            .read_offset = (uint64_t)n[4],
            .status = (uint16_t)n[5],
            .at_ns = (uint64_t)n[6],
        };
        lttng_ust_tracepoint(node, http_client_response, &e);
        break;
    }
    case 11: {
        struct ss_ev_store_command e = {
            .context = ss_id(environment, n[0]),
            .conn_id = ss_id(environment, n[1]),
            .fd = (int32_t)n[2],
            .how = (uint8_t)n[3],
            .library = (uint8_t)n[4],
            .start_offset = (uint64_t)n[5],
            .end_offset = (uint64_t)n[6],
            .name = s[0],
            .at_ns = (uint64_t)n[7],
        };
        lttng_ust_tracepoint(node, store_command, &e);
        break;
    }
    case 12: {
        struct ss_ev_http_client_cut e = {
            .request = ss_id(environment, n[0]),
            .conn_id = ss_id(environment, n[1]),
            .fd = (int32_t)n[2],
            .read_offset = (uint64_t)n[3],
            .end = (uint8_t)n[4],
            .at_ns = (uint64_t)n[5],
        };
        lttng_ust_tracepoint(node, http_client_cut, &e);
        break;
    }
    case 13: {
        struct ss_ev_http2_server_receive e = {
            .context = ss_id(environment, n[0]),
            .conn_id = ss_id(environment, n[1]),
            .fd = (int32_t)n[2],
            .stream = (uint32_t)n[3],
            .method = s[0],
            .path = s[1],
            .at_ns = (uint64_t)n[4],
        };
        lttng_ust_tracepoint(node, http2_server_receive, &e);
        break;
    }
    case 14: {
        struct ss_ev_http2_server_response e = {
            .context = ss_id(environment, n[0]),
            .conn_id = ss_id(environment, n[1]),
            .fd = (int32_t)n[2],
            .stream = (uint32_t)n[3],
            .status = (uint16_t)n[4],
            .aborted = (uint8_t)n[5],
            .grpc = (uint8_t)n[6],
            .at_ns = (uint64_t)n[7],
        };
        lttng_ust_tracepoint(node, http2_server_response, &e);
        break;
    }
    case 15: {
        struct ss_ev_http2_client_request e = {
            .request = ss_id(environment, n[0]),
            .context = ss_id(environment, n[1]),
            .conn_id = ss_id(environment, n[2]),
            .fd = (int32_t)n[3],
            .stream = (uint32_t)n[4],
            .method = s[0],
            .host = s[1],
            .path = s[2],
            .at_ns = (uint64_t)n[5],
        };
        lttng_ust_tracepoint(node, http2_client_request, &e);
        break;
    }
    case 16: {
        struct ss_ev_http2_client_end e = {
            .request = ss_id(environment, n[0]),
            .conn_id = ss_id(environment, n[1]),
            .fd = (int32_t)n[2],
            .stream = (uint32_t)n[3],
            .status = (uint16_t)n[4],
            .end = (uint8_t)n[5],
            .grpc = (uint8_t)n[6],
            .at_ns = (uint64_t)n[7],
        };
        lttng_ust_tracepoint(node, http2_client_end, &e);
        break;
    }
    case 17: {
        struct ss_ev_database_query e = {
            .request = ss_id(environment, n[0]),
            .context = ss_id(environment, n[1]),
            .how = (uint8_t)n[2],
            .library = (uint8_t)n[3],
            .kind = (uint8_t)n[4],
            .name = s[0],
            .at_ns = (uint64_t)n[5],
        };
        lttng_ust_tracepoint(node, database_query, &e);
        break;
    }
    case 18: {
        struct ss_ev_database_send e = {
            .request = ss_id(environment, n[0]),
            .conn_id = ss_id(environment, n[1]),
            .fd = (int32_t)n[2],
            .write_offset = (uint64_t)n[3],
            .at_ns = (uint64_t)n[4],
        };
        lttng_ust_tracepoint(node, database_send, &e);
        break;
    }
    case 19: {
        struct ss_ev_database_result e = {
            .request = ss_id(environment, n[0]),
            .conn_id = ss_id(environment, n[1]),
            .fd = (int32_t)n[2],
            .read_offset = (uint64_t)n[3],
            .failed = (uint8_t)n[4],
            .at_ns = (uint64_t)n[5],
        };
        lttng_ust_tracepoint(node, database_result, &e);
        break;
    }
    case 20: {
        struct ss_ev_context_start e = {
            .context = ss_id(environment, n[0]),
            .parent = ss_id(environment, n[1]),
            .kind = (uint8_t)n[2],
            .conn_id = ss_id(environment, n[3]),
            .fd = (int32_t)n[4],
            .offset = (uint64_t)n[5],
            .length = (uint32_t)n[6],
            .at_ns = (uint64_t)n[7],
        };
        lttng_ust_tracepoint(node, context_start, &e);
        break;
    }
    case 21: {
        struct ss_ev_loop_iteration e = {
            .environment = environment,
            .poll_ns = (uint64_t)n[0],
            .busy_ns = (uint64_t)n[1],
            .poll1_ns = (uint32_t)n[2],
            .busy1_ns = (uint32_t)n[3],
            .poll2_ns = (uint32_t)n[4],
            .busy2_ns = (uint32_t)n[5],
            .poll3_ns = (uint32_t)n[6],
            .busy3_ns = (uint32_t)n[7],
            .at_ns = (uint64_t)n[8],
        };
        lttng_ust_tracepoint(node, loop_iteration, &e);
        break;
    }
    case 22: {
        struct ss_ev_gc e = {
            .environment = environment,
            .kind = (uint8_t)n[0],
            .start_ns = (uint64_t)n[1],
            .duration_ns = (uint64_t)n[2],
            .at_ns = (uint64_t)n[3],
        };
        lttng_ust_tracepoint(node, gc, &e);
        break;
    }
    case 23: {
        struct ss_ev_dns e = {
            .environment = environment,
            .start_ns = (uint64_t)n[0],
            .duration_ns = (uint64_t)n[1],
            .host = s[0],
            .at_ns = (uint64_t)n[2],
        };
        lttng_ust_tracepoint(node, dns, &e);
        break;
    }
    case 24: {
        struct ss_ev_tracing_end e = {
            .environment = environment,
            .reason = s[0],
            .at_ns = (uint64_t)n[0],
        };
        lttng_ust_tracepoint(node, tracing_end, &e);
        break;
    }
    }
}
#endif

/* How many numbers and strings each event has; the last of the numbers is the time. */
#define SS_NODE_NUMBER_COUNTS {3, 9, 9, 9, 5, 7, 5, 5, 8, 6, 7, 8, 6, 5, 8, 6, 8, 6, 5, 6, 8, 9, 4, 3, 1}
#define SS_NODE_STRING_COUNTS {3, 2, 2, 2, 0, 0, 0, 2, 1, 3, 0, 1, 0, 2, 0, 3, 0, 1, 0, 0, 0, 0, 0, 1, 1}

/* Room of the queue. */
#define SS_NODE_QUEUE_NUMBERS 1024
#define SS_NODE_QUEUE_BYTES 8192
