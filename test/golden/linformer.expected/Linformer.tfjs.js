// "Linformer" with TensorFlow.js, written by lfc.
//
// `tf` is the module @tensorflow/tfjs-core with a backend set, `weights` its tensors by path. `run` takes and gives
// tensors by name; the caller frees what it gets. bool is TensorFlow.js's bool.
//
// input  "tokens": i32[1, 512]
// weight "tok": f32[256, 128]
// weight "pos": f32[512, 128]
// weight "E": f32[64, 512]
// weight "gain": f32[128]
// weight "bias": f32[128]
// weight "Encoder.0.wq": f32[4, 128, 32]
// weight "Encoder.0.wk": f32[4, 128, 32]
// weight "Encoder.0.wv": f32[4, 128, 32]
// weight "Encoder.0.wo": f32[4, 32, 128]
// weight "Encoder.0.g1": f32[128]
// weight "Encoder.0.g2": f32[128]
// weight "Encoder.0.b1": f32[128]
// weight "Encoder.0.b2": f32[128]
// weight "Encoder.0.c2": f32[128]
// weight "Encoder.0.c1": f32[512]
// weight "Encoder.0.w1": f32[128, 512]
// weight "Encoder.0.w2": f32[512, 128]
// weight "Encoder.1.wq": f32[4, 128, 32]
// weight "Encoder.1.wk": f32[4, 128, 32]
// weight "Encoder.1.wv": f32[4, 128, 32]
// weight "Encoder.1.wo": f32[4, 32, 128]
// weight "Encoder.1.g1": f32[128]
// weight "Encoder.1.g2": f32[128]
// weight "Encoder.1.b1": f32[128]
// weight "Encoder.1.b2": f32[128]
// weight "Encoder.1.c2": f32[128]
// weight "Encoder.1.c1": f32[512]
// weight "Encoder.1.w1": f32[128, 512]
// weight "Encoder.1.w2": f32[512, 128]
// weight "Encoder.2.wq": f32[4, 128, 32]
// weight "Encoder.2.wk": f32[4, 128, 32]
// weight "Encoder.2.wv": f32[4, 128, 32]
// weight "Encoder.2.wo": f32[4, 32, 128]
// weight "Encoder.2.g1": f32[128]
// weight "Encoder.2.g2": f32[128]
// weight "Encoder.2.b1": f32[128]
// weight "Encoder.2.b2": f32[128]
// weight "Encoder.2.c2": f32[128]
// weight "Encoder.2.c1": f32[512]
// weight "Encoder.2.w1": f32[128, 512]
// weight "Encoder.2.w2": f32[512, 128]
// weight "Encoder.3.wq": f32[4, 128, 32]
// weight "Encoder.3.wk": f32[4, 128, 32]
// weight "Encoder.3.wv": f32[4, 128, 32]
// weight "Encoder.3.wo": f32[4, 32, 128]
// weight "Encoder.3.g1": f32[128]
// weight "Encoder.3.g2": f32[128]
// weight "Encoder.3.b1": f32[128]
// weight "Encoder.3.b2": f32[128]
// weight "Encoder.3.c2": f32[128]
// weight "Encoder.3.c1": f32[512]
// weight "Encoder.3.w1": f32[128, 512]
// weight "Encoder.3.w2": f32[512, 128]
// output "embedding": f32[1, 128]
export function model(tf, weights) {
  const w_tok = weights.tok;
  const w_pos = weights.pos;
  const w_E = weights.E;
  const w_gain = weights.gain;
  const w_bias = weights.bias;
  const w_Encoder_0_wq = weights["Encoder.0.wq"];
  const w_Encoder_0_wk = weights["Encoder.0.wk"];
  const w_Encoder_0_wv = weights["Encoder.0.wv"];
  const w_Encoder_0_wo = weights["Encoder.0.wo"];
  const w_Encoder_0_g1 = weights["Encoder.0.g1"];
  const w_Encoder_0_g2 = weights["Encoder.0.g2"];
  const w_Encoder_0_b1 = weights["Encoder.0.b1"];
  const w_Encoder_0_b2 = weights["Encoder.0.b2"];
  const w_Encoder_0_c2 = weights["Encoder.0.c2"];
  const w_Encoder_0_c1 = weights["Encoder.0.c1"];
  const w_Encoder_0_w1 = weights["Encoder.0.w1"];
  const w_Encoder_0_w2 = weights["Encoder.0.w2"];
  const w_Encoder_1_wq = weights["Encoder.1.wq"];
  const w_Encoder_1_wk = weights["Encoder.1.wk"];
  const w_Encoder_1_wv = weights["Encoder.1.wv"];
  const w_Encoder_1_wo = weights["Encoder.1.wo"];
  const w_Encoder_1_g1 = weights["Encoder.1.g1"];
  const w_Encoder_1_g2 = weights["Encoder.1.g2"];
  const w_Encoder_1_b1 = weights["Encoder.1.b1"];
  const w_Encoder_1_b2 = weights["Encoder.1.b2"];
  const w_Encoder_1_c2 = weights["Encoder.1.c2"];
  const w_Encoder_1_c1 = weights["Encoder.1.c1"];
  const w_Encoder_1_w1 = weights["Encoder.1.w1"];
  const w_Encoder_1_w2 = weights["Encoder.1.w2"];
  const w_Encoder_2_wq = weights["Encoder.2.wq"];
  const w_Encoder_2_wk = weights["Encoder.2.wk"];
  const w_Encoder_2_wv = weights["Encoder.2.wv"];
  const w_Encoder_2_wo = weights["Encoder.2.wo"];
  const w_Encoder_2_g1 = weights["Encoder.2.g1"];
  const w_Encoder_2_g2 = weights["Encoder.2.g2"];
  const w_Encoder_2_b1 = weights["Encoder.2.b1"];
  const w_Encoder_2_b2 = weights["Encoder.2.b2"];
  const w_Encoder_2_c2 = weights["Encoder.2.c2"];
  const w_Encoder_2_c1 = weights["Encoder.2.c1"];
  const w_Encoder_2_w1 = weights["Encoder.2.w1"];
  const w_Encoder_2_w2 = weights["Encoder.2.w2"];
  const w_Encoder_3_wq = weights["Encoder.3.wq"];
  const w_Encoder_3_wk = weights["Encoder.3.wk"];
  const w_Encoder_3_wv = weights["Encoder.3.wv"];
  const w_Encoder_3_wo = weights["Encoder.3.wo"];
  const w_Encoder_3_g1 = weights["Encoder.3.g1"];
  const w_Encoder_3_g2 = weights["Encoder.3.g2"];
  const w_Encoder_3_b1 = weights["Encoder.3.b1"];
  const w_Encoder_3_b2 = weights["Encoder.3.b2"];
  const w_Encoder_3_c2 = weights["Encoder.3.c2"];
  const w_Encoder_3_c1 = weights["Encoder.3.c1"];
  const w_Encoder_3_w1 = weights["Encoder.3.w1"];
  const w_Encoder_3_w2 = weights["Encoder.3.w2"];
  // computed once, from weights and constants
  const [t7, t11, t14, t20, t27, t43, t49, t55, t62, t78, t84, t90, t97, t113, t119, t125, t132] = tf.tidy(() => {
    const t6 = tf.transpose(w_Encoder_0_wq, [1, 0, 2]);
    const t7 = tf.reshape(t6, [128, 128]);
    const t11 = tf.reshape(w_E, [1, 64, 512]);
    const t13 = tf.transpose(w_Encoder_0_wk, [0, 2, 1]);
    const t14 = tf.reshape(t13, [1, 128, 128]);
    const t19 = tf.transpose(w_Encoder_0_wv, [1, 0, 2]);
    const t20 = tf.reshape(t19, [128, 128]);
    const t27 = tf.reshape(w_Encoder_0_wo, [128, 128]);
    const t42 = tf.transpose(w_Encoder_1_wq, [1, 0, 2]);
    const t43 = tf.reshape(t42, [128, 128]);
    const t48 = tf.transpose(w_Encoder_1_wk, [0, 2, 1]);
    const t49 = tf.reshape(t48, [1, 128, 128]);
    const t54 = tf.transpose(w_Encoder_1_wv, [1, 0, 2]);
    const t55 = tf.reshape(t54, [128, 128]);
    const t62 = tf.reshape(w_Encoder_1_wo, [128, 128]);
    const t77 = tf.transpose(w_Encoder_2_wq, [1, 0, 2]);
    const t78 = tf.reshape(t77, [128, 128]);
    const t83 = tf.transpose(w_Encoder_2_wk, [0, 2, 1]);
    const t84 = tf.reshape(t83, [1, 128, 128]);
    const t89 = tf.transpose(w_Encoder_2_wv, [1, 0, 2]);
    const t90 = tf.reshape(t89, [128, 128]);
    const t97 = tf.reshape(w_Encoder_2_wo, [128, 128]);
    const t112 = tf.transpose(w_Encoder_3_wq, [1, 0, 2]);
    const t113 = tf.reshape(t112, [128, 128]);
    const t118 = tf.transpose(w_Encoder_3_wk, [0, 2, 1]);
    const t119 = tf.reshape(t118, [1, 128, 128]);
    const t124 = tf.transpose(w_Encoder_3_wv, [1, 0, 2]);
    const t125 = tf.reshape(t124, [128, 128]);
    const t132 = tf.reshape(w_Encoder_3_wo, [128, 128]);
    return [t7, t11, t14, t20, t27, t43, t49, t55, t62, t78, t84, t90, t97, t113, t119, t125, t132];
  });
  const run = (inputs) =>
    tf.tidy(() => {
      const in_tokens = inputs.tokens;
      // linformer.lf:66
      const t1 = tf.minimum(tf.maximum(in_tokens, tf.scalar(0, "int32")), tf.scalar(255, "int32"));
      const t2 = tf.gather(w_tok, t1, 0);
      const v_x = tf.add(t2, w_pos);
      tf.dispose([t1, t2]);
      // linformer.lf:16
      const v_mu = tf.sum(v_x, [2]);
      // linformer.lf:16
      const v_mu_2 = tf.mul(v_mu, 0.0078125);
      tf.dispose([v_mu]);
      // linformer.lf:17
      const t3 = tf.reshape(v_mu_2, [1, 512, 1]);
      const v_var = tf.square(tf.sub(v_x, t3));
      tf.dispose([v_mu_2]);
      // linformer.lf:17
      const v_var_2 = tf.sum(v_var, [2]);
      tf.dispose([v_var]);
      // linformer.lf:17
      const v_var_3 = tf.mul(v_var_2, 0.0078125);
      tf.dispose([v_var_2]);
      // linformer.lf:18
      const t4 = tf.reshape(v_var_3, [1, 512, 1]);
      const v_y = tf.add(tf.mul(tf.mul(tf.sub(v_x, t3), tf.rsqrt(tf.add(t4, 0.00001))), w_Encoder_0_g1), w_Encoder_0_b1);
      tf.dispose([t3, v_var_3, t4]);
      // linformer.lf:31
      const t5 = tf.reshape(v_y, [512, 128]);
      const t8 = tf.matMul(t5, t7);
      const t9 = tf.reshape(t8, [1, 512, 4, 32]);
      const v_q = tf.transpose(t9, [0, 2, 1, 3]);
      tf.dispose([t5, t8, t9]);
      // linformer.lf:34
      const v26 = tf.matMul(t11, v_y);
      tf.dispose([v_y]);
      // linformer.lf:32
      const t15 = tf.matMul(t14, v26, false, true);
      const v_keys = tf.reshape(t15, [1, 4, 32, 64]);
      tf.dispose([t15]);
      // linformer.lf:34
      const v28 = tf.matMul(v_q, v_keys);
      tf.dispose([v_q, v_keys]);
      // linformer.lf:34
      const v_p = tf.div(v28, 5.656854249492381);
      tf.dispose([v28]);
      // linformer.lf:34
      const v_p_2 = tf.softmax(v_p);
      tf.dispose([v_p]);
      // linformer.lf:33
      const t18 = tf.reshape(v26, [64, 128]);
      const t21 = tf.matMul(t18, t20);
      const t22 = tf.reshape(t21, [1, 64, 4, 32]);
      const v_vals = tf.transpose(t22, [0, 2, 1, 3]);
      tf.dispose([v26, t18, t21, t22]);
      // linformer.lf:35
      const t24 = tf.matMul(v_p_2, v_vals);
      const v_o = tf.transpose(t24, [0, 2, 1, 3]);
      tf.dispose([v_p_2, v_vals, t24]);
      // linformer.lf:51
      const t26 = tf.reshape(v_o, [512, 128]);
      const t28 = tf.matMul(t26, t27);
      const v33 = tf.reshape(t28, [1, 512, 128]);
      tf.dispose([v_o, t26, t28]);
      // linformer.lf:51
      const v_a = tf.add(v_x, v33);
      tf.dispose([v_x, v33]);
      // linformer.lf:16
      const v_mu_3 = tf.sum(v_a, [2]);
      // linformer.lf:16
      const v_mu_4 = tf.mul(v_mu_3, 0.0078125);
      tf.dispose([v_mu_3]);
      // linformer.lf:17
      const t30 = tf.reshape(v_mu_4, [1, 512, 1]);
      const v_var_4 = tf.square(tf.sub(v_a, t30));
      tf.dispose([v_mu_4]);
      // linformer.lf:17
      const v_var_5 = tf.sum(v_var_4, [2]);
      tf.dispose([v_var_4]);
      // linformer.lf:17
      const v_var_6 = tf.mul(v_var_5, 0.0078125);
      tf.dispose([v_var_5]);
      // linformer.lf:18
      const t31 = tf.reshape(v_var_6, [1, 512, 1]);
      const v_y_2 = tf.add(tf.mul(tf.mul(tf.sub(v_a, t30), tf.rsqrt(tf.add(t31, 0.00001))), w_Encoder_0_g2), w_Encoder_0_b2);
      tf.dispose([t30, v_var_6, t31]);
      // linformer.lf:53
      const t32 = tf.reshape(v_y_2, [512, 128]);
      const t33 = tf.matMul(t32, w_Encoder_0_w1);
      const v41 = tf.reshape(t33, [1, 512, 512]);
      tf.dispose([v_y_2, t32, t33]);
      // linformer.lf:53
      const t35 = tf.add(w_Encoder_0_c1, v41);
      const v_hid = tf.mul(tf.mul(t35, 0.5), tf.add(tf.erf(tf.mul(t35, Math.SQRT1_2)), 1));
      tf.dispose([v41, t35]);
      // linformer.lf:54
      const t36 = tf.reshape(v_hid, [512, 512]);
      const t37 = tf.matMul(t36, w_Encoder_0_w2);
      const v43 = tf.reshape(t37, [1, 512, 128]);
      tf.dispose([v_hid, t36, t37]);
      // linformer.lf:54
      const v_y_3 = tf.add(tf.add(v_a, w_Encoder_0_c2), v43);
      tf.dispose([v_a, v43]);
      // linformer.lf:16
      const v_mu_5 = tf.sum(v_y_3, [2]);
      // linformer.lf:16
      const v_mu_6 = tf.mul(v_mu_5, 0.0078125);
      tf.dispose([v_mu_5]);
      // linformer.lf:17
      const t39 = tf.reshape(v_mu_6, [1, 512, 1]);
      const v_var_7 = tf.square(tf.sub(v_y_3, t39));
      tf.dispose([v_mu_6]);
      // linformer.lf:17
      const v_var_8 = tf.sum(v_var_7, [2]);
      tf.dispose([v_var_7]);
      // linformer.lf:17
      const v_var_9 = tf.mul(v_var_8, 0.0078125);
      tf.dispose([v_var_8]);
      // linformer.lf:18
      const t40 = tf.reshape(v_var_9, [1, 512, 1]);
      const v_y_4 = tf.add(tf.mul(tf.mul(tf.sub(v_y_3, t39), tf.rsqrt(tf.add(t40, 0.00001))), w_Encoder_1_g1), w_Encoder_1_b1);
      tf.dispose([t39, v_var_9, t40]);
      // linformer.lf:31
      const t41 = tf.reshape(v_y_4, [512, 128]);
      const t44 = tf.matMul(t41, t43);
      const t45 = tf.reshape(t44, [1, 512, 4, 32]);
      const v_q_2 = tf.transpose(t45, [0, 2, 1, 3]);
      tf.dispose([t41, t44, t45]);
      // linformer.lf:34
      const v64 = tf.matMul(t11, v_y_4);
      tf.dispose([v_y_4]);
      // linformer.lf:32
      const t50 = tf.matMul(t49, v64, false, true);
      const v_keys_2 = tf.reshape(t50, [1, 4, 32, 64]);
      tf.dispose([t50]);
      // linformer.lf:34
      const v66 = tf.matMul(v_q_2, v_keys_2);
      tf.dispose([v_q_2, v_keys_2]);
      // linformer.lf:34
      const v_p_3 = tf.div(v66, 5.656854249492381);
      tf.dispose([v66]);
      // linformer.lf:34
      const v_p_4 = tf.softmax(v_p_3);
      tf.dispose([v_p_3]);
      // linformer.lf:33
      const t53 = tf.reshape(v64, [64, 128]);
      const t56 = tf.matMul(t53, t55);
      const t57 = tf.reshape(t56, [1, 64, 4, 32]);
      const v_vals_2 = tf.transpose(t57, [0, 2, 1, 3]);
      tf.dispose([v64, t53, t56, t57]);
      // linformer.lf:35
      const t59 = tf.matMul(v_p_4, v_vals_2);
      const v_o_2 = tf.transpose(t59, [0, 2, 1, 3]);
      tf.dispose([v_p_4, v_vals_2, t59]);
      // linformer.lf:51
      const t61 = tf.reshape(v_o_2, [512, 128]);
      const t63 = tf.matMul(t61, t62);
      const v71 = tf.reshape(t63, [1, 512, 128]);
      tf.dispose([v_o_2, t61, t63]);
      // linformer.lf:51
      const v_a_2 = tf.add(v_y_3, v71);
      tf.dispose([v_y_3, v71]);
      // linformer.lf:16
      const v_mu_7 = tf.sum(v_a_2, [2]);
      // linformer.lf:16
      const v_mu_8 = tf.mul(v_mu_7, 0.0078125);
      tf.dispose([v_mu_7]);
      // linformer.lf:17
      const t65 = tf.reshape(v_mu_8, [1, 512, 1]);
      const v_var_10 = tf.square(tf.sub(v_a_2, t65));
      tf.dispose([v_mu_8]);
      // linformer.lf:17
      const v_var_11 = tf.sum(v_var_10, [2]);
      tf.dispose([v_var_10]);
      // linformer.lf:17
      const v_var_12 = tf.mul(v_var_11, 0.0078125);
      tf.dispose([v_var_11]);
      // linformer.lf:18
      const t66 = tf.reshape(v_var_12, [1, 512, 1]);
      const v_y_5 = tf.add(tf.mul(tf.mul(tf.sub(v_a_2, t65), tf.rsqrt(tf.add(t66, 0.00001))), w_Encoder_1_g2), w_Encoder_1_b2);
      tf.dispose([t65, v_var_12, t66]);
      // linformer.lf:53
      const t67 = tf.reshape(v_y_5, [512, 128]);
      const t68 = tf.matMul(t67, w_Encoder_1_w1);
      const v79 = tf.reshape(t68, [1, 512, 512]);
      tf.dispose([v_y_5, t67, t68]);
      // linformer.lf:53
      const t70 = tf.add(w_Encoder_1_c1, v79);
      const v_hid_2 = tf.mul(tf.mul(t70, 0.5), tf.add(tf.erf(tf.mul(t70, Math.SQRT1_2)), 1));
      tf.dispose([v79, t70]);
      // linformer.lf:54
      const t71 = tf.reshape(v_hid_2, [512, 512]);
      const t72 = tf.matMul(t71, w_Encoder_1_w2);
      const v81 = tf.reshape(t72, [1, 512, 128]);
      tf.dispose([v_hid_2, t71, t72]);
      // linformer.lf:54
      const v_y_6 = tf.add(tf.add(v_a_2, w_Encoder_1_c2), v81);
      tf.dispose([v_a_2, v81]);
      // linformer.lf:16
      const v_mu_9 = tf.sum(v_y_6, [2]);
      // linformer.lf:16
      const v_mu_10 = tf.mul(v_mu_9, 0.0078125);
      tf.dispose([v_mu_9]);
      // linformer.lf:17
      const t74 = tf.reshape(v_mu_10, [1, 512, 1]);
      const v_var_13 = tf.square(tf.sub(v_y_6, t74));
      tf.dispose([v_mu_10]);
      // linformer.lf:17
      const v_var_14 = tf.sum(v_var_13, [2]);
      tf.dispose([v_var_13]);
      // linformer.lf:17
      const v_var_15 = tf.mul(v_var_14, 0.0078125);
      tf.dispose([v_var_14]);
      // linformer.lf:18
      const t75 = tf.reshape(v_var_15, [1, 512, 1]);
      const v_y_7 = tf.add(tf.mul(tf.mul(tf.sub(v_y_6, t74), tf.rsqrt(tf.add(t75, 0.00001))), w_Encoder_2_g1), w_Encoder_2_b1);
      tf.dispose([t74, v_var_15, t75]);
      // linformer.lf:31
      const t76 = tf.reshape(v_y_7, [512, 128]);
      const t79 = tf.matMul(t76, t78);
      const t80 = tf.reshape(t79, [1, 512, 4, 32]);
      const v_q_3 = tf.transpose(t80, [0, 2, 1, 3]);
      tf.dispose([t76, t79, t80]);
      // linformer.lf:34
      const v102 = tf.matMul(t11, v_y_7);
      tf.dispose([v_y_7]);
      // linformer.lf:32
      const t85 = tf.matMul(t84, v102, false, true);
      const v_keys_3 = tf.reshape(t85, [1, 4, 32, 64]);
      tf.dispose([t85]);
      // linformer.lf:34
      const v104 = tf.matMul(v_q_3, v_keys_3);
      tf.dispose([v_q_3, v_keys_3]);
      // linformer.lf:34
      const v_p_5 = tf.div(v104, 5.656854249492381);
      tf.dispose([v104]);
      // linformer.lf:34
      const v_p_6 = tf.softmax(v_p_5);
      tf.dispose([v_p_5]);
      // linformer.lf:33
      const t88 = tf.reshape(v102, [64, 128]);
      const t91 = tf.matMul(t88, t90);
      const t92 = tf.reshape(t91, [1, 64, 4, 32]);
      const v_vals_3 = tf.transpose(t92, [0, 2, 1, 3]);
      tf.dispose([v102, t88, t91, t92]);
      // linformer.lf:35
      const t94 = tf.matMul(v_p_6, v_vals_3);
      const v_o_3 = tf.transpose(t94, [0, 2, 1, 3]);
      tf.dispose([v_p_6, v_vals_3, t94]);
      // linformer.lf:51
      const t96 = tf.reshape(v_o_3, [512, 128]);
      const t98 = tf.matMul(t96, t97);
      const v109 = tf.reshape(t98, [1, 512, 128]);
      tf.dispose([v_o_3, t96, t98]);
      // linformer.lf:51
      const v_a_3 = tf.add(v_y_6, v109);
      tf.dispose([v_y_6, v109]);
      // linformer.lf:16
      const v_mu_11 = tf.sum(v_a_3, [2]);
      // linformer.lf:16
      const v_mu_12 = tf.mul(v_mu_11, 0.0078125);
      tf.dispose([v_mu_11]);
      // linformer.lf:17
      const t100 = tf.reshape(v_mu_12, [1, 512, 1]);
      const v_var_16 = tf.square(tf.sub(v_a_3, t100));
      tf.dispose([v_mu_12]);
      // linformer.lf:17
      const v_var_17 = tf.sum(v_var_16, [2]);
      tf.dispose([v_var_16]);
      // linformer.lf:17
      const v_var_18 = tf.mul(v_var_17, 0.0078125);
      tf.dispose([v_var_17]);
      // linformer.lf:18
      const t101 = tf.reshape(v_var_18, [1, 512, 1]);
      const v_y_8 = tf.add(tf.mul(tf.mul(tf.sub(v_a_3, t100), tf.rsqrt(tf.add(t101, 0.00001))), w_Encoder_2_g2), w_Encoder_2_b2);
      tf.dispose([t100, v_var_18, t101]);
      // linformer.lf:53
      const t102 = tf.reshape(v_y_8, [512, 128]);
      const t103 = tf.matMul(t102, w_Encoder_2_w1);
      const v117 = tf.reshape(t103, [1, 512, 512]);
      tf.dispose([v_y_8, t102, t103]);
      // linformer.lf:53
      const t105 = tf.add(w_Encoder_2_c1, v117);
      const v_hid_3 = tf.mul(tf.mul(t105, 0.5), tf.add(tf.erf(tf.mul(t105, Math.SQRT1_2)), 1));
      tf.dispose([v117, t105]);
      // linformer.lf:54
      const t106 = tf.reshape(v_hid_3, [512, 512]);
      const t107 = tf.matMul(t106, w_Encoder_2_w2);
      const v119 = tf.reshape(t107, [1, 512, 128]);
      tf.dispose([v_hid_3, t106, t107]);
      // linformer.lf:54
      const v_y_9 = tf.add(tf.add(v_a_3, w_Encoder_2_c2), v119);
      tf.dispose([v_a_3, v119]);
      // linformer.lf:16
      const v_mu_13 = tf.sum(v_y_9, [2]);
      // linformer.lf:16
      const v_mu_14 = tf.mul(v_mu_13, 0.0078125);
      tf.dispose([v_mu_13]);
      // linformer.lf:17
      const t109 = tf.reshape(v_mu_14, [1, 512, 1]);
      const v_var_19 = tf.square(tf.sub(v_y_9, t109));
      tf.dispose([v_mu_14]);
      // linformer.lf:17
      const v_var_20 = tf.sum(v_var_19, [2]);
      tf.dispose([v_var_19]);
      // linformer.lf:17
      const v_var_21 = tf.mul(v_var_20, 0.0078125);
      tf.dispose([v_var_20]);
      // linformer.lf:18
      const t110 = tf.reshape(v_var_21, [1, 512, 1]);
      const v_y_10 = tf.add(tf.mul(tf.mul(tf.sub(v_y_9, t109), tf.rsqrt(tf.add(t110, 0.00001))), w_Encoder_3_g1), w_Encoder_3_b1);
      tf.dispose([t109, v_var_21, t110]);
      // linformer.lf:31
      const t111 = tf.reshape(v_y_10, [512, 128]);
      const t114 = tf.matMul(t111, t113);
      const t115 = tf.reshape(t114, [1, 512, 4, 32]);
      const v_q_4 = tf.transpose(t115, [0, 2, 1, 3]);
      tf.dispose([t111, t114, t115]);
      // linformer.lf:34
      const v140 = tf.matMul(t11, v_y_10);
      tf.dispose([v_y_10]);
      // linformer.lf:32
      const t120 = tf.matMul(t119, v140, false, true);
      const v_keys_4 = tf.reshape(t120, [1, 4, 32, 64]);
      tf.dispose([t120]);
      // linformer.lf:34
      const v142 = tf.matMul(v_q_4, v_keys_4);
      tf.dispose([v_q_4, v_keys_4]);
      // linformer.lf:34
      const v_p_7 = tf.div(v142, 5.656854249492381);
      tf.dispose([v142]);
      // linformer.lf:34
      const v_p_8 = tf.softmax(v_p_7);
      tf.dispose([v_p_7]);
      // linformer.lf:33
      const t123 = tf.reshape(v140, [64, 128]);
      const t126 = tf.matMul(t123, t125);
      const t127 = tf.reshape(t126, [1, 64, 4, 32]);
      const v_vals_4 = tf.transpose(t127, [0, 2, 1, 3]);
      tf.dispose([v140, t123, t126, t127]);
      // linformer.lf:35
      const t129 = tf.matMul(v_p_8, v_vals_4);
      const v_o_4 = tf.transpose(t129, [0, 2, 1, 3]);
      tf.dispose([v_p_8, v_vals_4, t129]);
      // linformer.lf:51
      const t131 = tf.reshape(v_o_4, [512, 128]);
      const t133 = tf.matMul(t131, t132);
      const v147 = tf.reshape(t133, [1, 512, 128]);
      tf.dispose([v_o_4, t131, t133]);
      // linformer.lf:51
      const v_a_4 = tf.add(v_y_9, v147);
      tf.dispose([v_y_9, v147]);
      // linformer.lf:16
      const v_mu_15 = tf.sum(v_a_4, [2]);
      // linformer.lf:16
      const v_mu_16 = tf.mul(v_mu_15, 0.0078125);
      tf.dispose([v_mu_15]);
      // linformer.lf:17
      const t135 = tf.reshape(v_mu_16, [1, 512, 1]);
      const v_var_22 = tf.square(tf.sub(v_a_4, t135));
      tf.dispose([v_mu_16]);
      // linformer.lf:17
      const v_var_23 = tf.sum(v_var_22, [2]);
      tf.dispose([v_var_22]);
      // linformer.lf:17
      const v_var_24 = tf.mul(v_var_23, 0.0078125);
      tf.dispose([v_var_23]);
      // linformer.lf:18
      const t136 = tf.reshape(v_var_24, [1, 512, 1]);
      const v_y_11 = tf.add(tf.mul(tf.mul(tf.sub(v_a_4, t135), tf.rsqrt(tf.add(t136, 0.00001))), w_Encoder_3_g2), w_Encoder_3_b2);
      tf.dispose([t135, v_var_24, t136]);
      // linformer.lf:53
      const t137 = tf.reshape(v_y_11, [512, 128]);
      const t138 = tf.matMul(t137, w_Encoder_3_w1);
      const v155 = tf.reshape(t138, [1, 512, 512]);
      tf.dispose([v_y_11, t137, t138]);
      // linformer.lf:53
      const t140 = tf.add(w_Encoder_3_c1, v155);
      const v_hid_4 = tf.mul(tf.mul(t140, 0.5), tf.add(tf.erf(tf.mul(t140, Math.SQRT1_2)), 1));
      tf.dispose([v155, t140]);
      // linformer.lf:54
      const t141 = tf.reshape(v_hid_4, [512, 512]);
      const t142 = tf.matMul(t141, w_Encoder_3_w2);
      const v157 = tf.reshape(t142, [1, 512, 128]);
      tf.dispose([v_hid_4, t141, t142]);
      // linformer.lf:54
      const v_y_12 = tf.add(tf.add(v_a_4, w_Encoder_3_c2), v157);
      tf.dispose([v_a_4, v157]);
      // linformer.lf:16
      const v_mu_17 = tf.sum(v_y_12, [2]);
      // linformer.lf:16
      const v_mu_18 = tf.mul(v_mu_17, 0.0078125);
      tf.dispose([v_mu_17]);
      // linformer.lf:17
      const t144 = tf.reshape(v_mu_18, [1, 512, 1]);
      const v_var_25 = tf.square(tf.sub(v_y_12, t144));
      tf.dispose([v_mu_18]);
      // linformer.lf:17
      const v_var_26 = tf.sum(v_var_25, [2]);
      tf.dispose([v_var_25]);
      // linformer.lf:17
      const v_var_27 = tf.mul(v_var_26, 0.0078125);
      tf.dispose([v_var_26]);
      // linformer.lf:18
      const t145 = tf.reshape(v_var_27, [1, 512, 1]);
      const v_y_13 = tf.add(tf.mul(tf.mul(tf.sub(v_y_12, t144), tf.rsqrt(tf.add(t145, 0.00001))), w_gain), w_bias);
      tf.dispose([v_y_12, t144, v_var_27, t145]);
      // linformer.lf:69
      const v_embedding = tf.sum(v_y_13, [1]);
      tf.dispose([v_y_13]);
      // linformer.lf:69
      const v_embedding_2 = tf.mul(v_embedding, 0.001953125);
      tf.dispose([v_embedding]);
      return { embedding: v_embedding_2 };
    });
  const dispose = () => tf.dispose([t7, t11, t14, t20, t27, t43, t49, t55, t62, t78, t84, t90, t97, t113, t119, t125, t132]);
  return { run, dispose };
}
